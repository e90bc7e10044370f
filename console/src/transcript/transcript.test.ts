import { describe, expect, it } from 'vitest';
import type { Segment } from './operations';
import { EMPTY, merge } from './transcript';

const segment = (segmentId: number, fields: Partial<Segment> = {}): Segment => ({
  id: `m:${segmentId}`,
  segmentId,
  externalId: null,
  speaker: 'Ada',
  text: `Text ${segmentId}`,
  startTime: segmentId,
  endTime: segmentId + 1,
  isFinal: true,
  confidence: null,
  version: 1,
  heard: { text: `Text ${segmentId}`, speaker: 'Ada' },
  correction: null,
  ...fields,
});
const batch = (segments: Segment[], deletedSegmentIds: number[] = []) => ({ segments, deletedSegmentIds });
const texts = (segments: readonly Segment[]) => segments.map(({ text }) => text);

describe('merge', () => {
  it('orders segments by time, and by number where they start together', () => {
    const merged = merge(EMPTY, batch([segment(3, { startTime: 0 }), segment(2, { startTime: 5 }), segment(1, { startTime: 5 })]));
    expect(merged.segments.map(({ segmentId }) => segmentId)).toEqual([3, 1, 2]);
  });

  it('replaces a segment by its newer version, and not by an older one', () => {
    const first = merge(EMPTY, batch([segment(1, { version: 2, text: 'new' })]));
    expect(texts(merge(first, batch([segment(1, { version: 1, text: 'old' })])).segments)).toEqual(['new']);
    expect(texts(merge(first, batch([segment(1, { version: 3, text: 'newest' })])).segments)).toEqual(['newest']);
  });

  it('takes away what was deleted, and takes back what comes again', () => {
    const first = merge(EMPTY, batch([segment(1), segment(2)]));
    const second = merge(first, batch([], [1, 7]));
    expect(texts(second.segments)).toEqual(['Text 2']);
    expect(texts(merge(second, batch([segment(1)])).segments)).toEqual(['Text 1', 'Text 2']);
  });

  it('is the same transcript where nothing changed, so that nothing is drawn again', () => {
    const first = merge(EMPTY, batch([segment(1)]));
    expect(merge(first, batch([]))).toBe(first);
  });

  it('lists the speakers in the order in which they first speak', () => {
    const merged = merge(EMPTY, batch([segment(2, { speaker: 'Grace' }), segment(1), segment(3)]));
    expect(merged.speakers).toEqual(['Ada', 'Grace']);
  });
});
