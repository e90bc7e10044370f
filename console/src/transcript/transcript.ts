// What a transcript is while it changes.

import type { Segment, Updates } from './operations';

export interface Transcript {
  bySegmentId: ReadonlyMap<number, Segment>;
  /** In the order of time, as exports have them. */
  segments: readonly Segment[];
  /** In the order in which they first speak. */
  speakers: readonly string[];
}

export const EMPTY: Transcript = { bySegmentId: new Map(), segments: [], speakers: [] };

/** Lays a batch of changes over a transcript. A segment that came before in a newer version stays. */
export function merge(transcript: Transcript, { segments, deletedSegmentIds }: Pick<Updates, 'segments' | 'deletedSegmentIds'>): Transcript {
  if (segments.length === 0 && deletedSegmentIds.length === 0) return transcript;
  const bySegmentId = new Map(transcript.bySegmentId);
  for (const segmentId of deletedSegmentIds) bySegmentId.delete(segmentId);
  for (const segment of segments) {
    const before = bySegmentId.get(segment.segmentId);
    if (!before || before.version <= segment.version) bySegmentId.set(segment.segmentId, segment);
  }
  const ordered = [...bySegmentId.values()].sort((a, b) => a.startTime - b.startTime || a.segmentId - b.segmentId);
  return { bySegmentId, segments: ordered, speakers: [...new Set(ordered.map(({ speaker }) => speaker))] };
}
