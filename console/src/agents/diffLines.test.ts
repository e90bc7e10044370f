import { expect, it } from 'vitest';
import { linesOf } from './diffLines';

it('keeps every line of the text, also those that look like a header', () => {
  const diff = '--- a\n+++ b\n@@ -1,3 +1,3 @@\n Rules\n---- none\n+++ one\n\\ No newline at end of file\n@@ -9 +9 @@\n-x\n+y\n';
  expect(linesOf(diff).map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    'same  Rules',
    'removed ---- none',
    'added +++ one',
    'gap ⋯',
    'removed -x',
    'added +y',
  ]);
});
