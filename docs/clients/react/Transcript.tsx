// The page: the newest segments, older ones on demand, each change as it comes, and a box to write into the meeting.

import { useEffect, useReducer, useState } from 'react';
import { EMPTY, follow, visible, withPage, withUpdates, type Segment, type Subscribe, type Updates } from './follow';

export interface Page {
  title: string;
  updatesCursor: string;
  segments: readonly Segment[];
  before: string | null; // the cursor of the page before this one; null: there is none
}

/** What Apollo Client or urql does for the page. */
export interface Backend {
  page(meetingId: string, before: string | null): Promise<Page>;
  write(meetingId: string, text: string): Promise<string | null>; // what was wrong with it; null: nothing
  subscribe(meetingId: string): Subscribe;
}

type Action = { page: Page } | { updates: Updates };

export function Transcript({ backend, meetingId }: { backend: Backend; meetingId: string }) {
  const [transcript, change] = useReducer(
    (state: typeof EMPTY, action: Action) =>
      'page' in action ? withPage(state, action.page.segments) : withUpdates(state, action.updates),
    EMPTY,
  );
  const [title, setTitle] = useState('');
  const [before, setBefore] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [text, setText] = useState('');

  const read = async (cursor: string | null) => {
    const page = await backend.page(meetingId, cursor);
    change({ page });
    setTitle(page.title);
    setBefore(page.before);
    return page.updatesCursor;
  };

  useEffect(() => {
    let stop = () => {};
    let left = false;
    read(null)
      .then((cursor) => {
        if (left) return;
        const ended = (error?: Error) => setProblem(error?.message ?? 'the meeting was deleted');
        stop = follow(backend.subscribe(meetingId), cursor, (updates) => change({ updates }), ended);
      })
      .catch((error: Error) => setProblem(error.message));
    return () => {
      left = true;
      stop();
    };
  }, [backend, meetingId]); // give <Transcript> the meeting's id as its key, so that another meeting begins anew

  return (
    <main>
      <h1>{title}</h1>
      {before && <button onClick={() => void read(before)}>Earlier</button>}
      <ol>
        {visible(transcript).map((segment) => (
          <li key={segment.id} style={{ opacity: segment.isFinal ? 1 : 0.5 }}>
            <b>{segment.speaker}</b> {segment.text}
          </li>
        ))}
      </ol>
      <form
        onSubmit={async (event) => {
          event.preventDefault();
          setProblem(await backend.write(meetingId, text));
        }}
      >
        <input value={text} onChange={(event) => setText(event.target.value)} aria-label="Say something" />
        <button>Send</button>
      </form>
      {problem && <p role="alert">{problem}</p>}
    </main>
  );
}
