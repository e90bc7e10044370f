import { useState } from 'react';
import { useLocation } from 'wouter';
import { searchLink } from './searchLink';

/** The search of the header; it shows its answers on their own page. */
export function SearchBox() {
  const [query, setQuery] = useState(() => new URLSearchParams(location.search).get('q') ?? '');
  const [, navigate] = useLocation();
  return (
    <form
      role="search"
      aria-label="Search transcripts"
      onSubmit={(event) => {
        event.preventDefault();
        if (query.trim()) navigate(searchLink(query));
      }}
    >
      <input type="search" aria-label="Search all transcripts" placeholder="Search all transcripts" value={query} onChange={(event) => setQuery(event.target.value)} />
    </form>
  );
}
