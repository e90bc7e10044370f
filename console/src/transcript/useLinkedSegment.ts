import { useSyncExternalStore } from 'react';

/** Returns the number of the segment that the address names, as in `#segment-12`; null if it names none. */
export function useLinkedSegment(): number | null {
  return useSyncExternalStore(subscribe, read);
}

export const segmentLink = (meetingId: string, segmentId: number) => `/meetings/${meetingId}#segment-${segmentId}`;

/** Shows a segment of the present page, whose address then names it. The way back leads to the page before, not along all of them. */
export function showSegment(segmentId: number | undefined): void {
  if (segmentId === undefined) return;
  history.replaceState(history.state, '', `#segment-${segmentId}`);
  dispatchEvent(new HashChangeEvent('hashchange'));
}

function read(): number | null {
  const [, digits] = /^#segment-(\d+)$/.exec(location.hash) ?? [];
  return digits === undefined ? null : Number(digits);
}

function subscribe(listener: () => void) {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}
