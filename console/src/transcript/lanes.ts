// The lanes of the plot of who spoke when.

import type { Segment } from './operations';

export interface Lane {
  speaker: string;
  /** Spans from start to end, in order; those that touch within a pixel are one. */
  spans: readonly (readonly [start: number, end: number])[];
}

/** Returns a lane for each speaker, over `width` pixels, of segments in the order of time that end at `endTime` seconds. */
export function lanesOf(segments: readonly Segment[], speakers: readonly string[], endTime: number, width: number): Lane[] {
  const spans = new Map<string, [number, number][]>(speakers.map((speaker) => [speaker, []]));
  for (const segment of segments) {
    const start = (segment.startTime / endTime) * width;
    const end = Math.max((segment.endTime / endTime) * width, start + 1);
    const lane = spans.get(segment.speaker);
    const last = lane?.at(-1);
    if (last && start - last[1] < 1) last[1] = Math.max(last[1], end);
    else lane?.push([start, end]);
  }
  return [...spans].map(([speaker, each]) => ({ speaker, spans: each }));
}
