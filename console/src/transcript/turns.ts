// Turns: what one speaker says until another one speaks.

import type { Segment } from './operations';

type Said = Pick<Segment, 'speaker'>;

const isTurn = (segments: readonly Said[], index: number) => segments[index]?.speaker !== segments[index - 1]?.speaker;

/** Returns where the next turn begins after the segment at `index`; -1, if none does. */
export const turnAfter = (segments: readonly Said[], index: number): number =>
  segments.findIndex((_, each) => each > index && (each === 0 || isTurn(segments, each)));

/** Returns where the last turn before the segment at `index` begins; -1, if none does. */
export const turnBefore = (segments: readonly Said[], index: number): number =>
  segments.findLastIndex((_, each) => each < index && (each === 0 || isTurn(segments, each)));
