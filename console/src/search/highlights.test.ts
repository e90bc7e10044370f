import { expect, it } from 'vitest';
import { splitHighlights } from './highlights';

const found = (text: string) => ({ text, isFound: true });
const other = (text: string) => ({ text, isFound: false });

it('splits a text at its highlights', () => {
  expect(splitHighlights('we launch it', [{ start: 3, end: 9 }])).toEqual([other('we '), found('launch'), other(' it')]);
  expect(splitHighlights('launch', [{ start: 0, end: 6 }])).toEqual([found('launch')]);
  expect(splitHighlights('nothing', [])).toEqual([other('nothing')]);
});

it('counts code points, also where JavaScript counts two', () => {
  expect(splitHighlights('🚀 launch', [{ start: 2, end: 8 }])).toEqual([other('🚀 '), found('launch')]);
});
