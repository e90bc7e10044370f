import { useSyncExternalStore } from 'react';

/** Returns the number of the segment that the address names, as in `#segment-12`; null if it names none. */
export function useLinkedSegment(): number | null {
  return useSyncExternalStore(subscribe, read);
}

export const segmentLink = (meetingId: string, segmentId: number) => `/meetings/${meetingId}#segment-${segmentId}`;

function read(): number | null {
  const [, digits] = /^#segment-(\d+)$/.exec(location.hash) ?? [];
  return digits === undefined ? null : Number(digits);
}

function subscribe(listener: () => void) {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}
