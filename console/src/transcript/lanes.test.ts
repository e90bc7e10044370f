import { expect, it } from 'vitest';
import { lanesOf } from './lanes';
import type { Segment } from './operations';

const said = (speaker: string, startTime: number, endTime: number) => ({ speaker, startTime, endTime }) as Segment;

it('gives each speaker a lane, and makes one span of what touches', () => {
  const segments = [said('Ada', 0, 10), said('Ada', 10.5, 20), said('Grace', 20, 30), said('Ada', 50, 100)];
  expect(lanesOf(segments, ['Ada', 'Grace'], 100, 100)).toEqual([
    { speaker: 'Ada', spans: [[0, 20], [50, 100]] },
    { speaker: 'Grace', spans: [[20, 30]] },
  ]);
});

it('shows what takes no time at all', () => {
  expect(lanesOf([said('Ada', 5, 5)], ['Ada'], 100, 100)).toEqual([{ speaker: 'Ada', spans: [[5, 6]] }]);
});
