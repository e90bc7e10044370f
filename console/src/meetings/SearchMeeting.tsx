import { useState } from 'react';
import { useLocation } from 'wouter';
import { searchLink } from '../search/searchLink';
import type { Meeting } from './operations';

/** Finds words in this transcript: the browser itself would find only those that are in view. */
export function SearchMeeting({ meeting }: { meeting: Meeting }) {
  const [words, setWords] = useState('');
  const [, navigate] = useLocation();
  return (
    <form
      role="search"
      aria-label="Search this meeting"
      onSubmit={(event) => {
        event.preventDefault();
        if (words.trim()) navigate(searchLink(words, meeting.id));
      }}
    >
      <input type="search" aria-label="Search this meeting" placeholder="Search this meeting" value={words} onChange={(event) => setWords(event.target.value)} />
    </form>
  );
}
