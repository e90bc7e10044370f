import { expect, it } from 'vitest';
import { turnAfter, turnBefore } from './turns';

it('goes from where one speaker begins to where another one does, and stops at both ends', () => {
  const segments = [...'AABBBA'].map((speaker) => ({ speaker }));
  expect([-1, 0, 1, 2, 4, 5].map((index) => turnAfter(segments, index))).toEqual([0, 2, 2, 5, 5, -1]);
  expect([5, 4, 2, 1, 0, -1].map((index) => turnBefore(segments, index))).toEqual([2, 2, 0, 0, -1, -1]);
});
