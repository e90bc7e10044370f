// Who speaks in a transcript: their colours, and how long each has spoken.

import type { Segment } from './operations';

const COLOURS = 8;

/** The class that gives a speaker a colour, by the place among the speakers of the meeting. */
export const speakerClass = (place: number): string => `speaker-${Math.max(place, 0) % COLOURS}`;

export interface SpeakerTime {
  /** As heard: what a name is given to. */
  label: string;
  /** As shown. */
  name: string;
  seconds: number;
  /** From 0 to 1, of all that was spoken. */
  share: number;
}

/** Returns each label with the name it has been given and its time, in the order in which they first speak. */
export function speakerTimes(segments: readonly Segment[], names: readonly { label: string; name: string }[]): SpeakerTime[] {
  const nameOf = new Map(names.map(({ label, name }) => [label, name]));
  const seconds = new Map<string, number>();
  let total = 0;
  for (const { heard, startTime, endTime } of segments) {
    seconds.set(heard.speaker, (seconds.get(heard.speaker) ?? 0) + endTime - startTime);
    total += endTime - startTime;
  }
  return [...seconds].map(([label, each]) => ({
    label,
    name: nameOf.get(label) ?? label,
    seconds: each,
    share: total > 0 ? each / total : 0,
  }));
}
