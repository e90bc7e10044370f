// The lines of a diff in the unified format.

export interface DiffLine {
  kind: 'added' | 'removed' | 'same' | 'gap';
  text: string;
}

const HUNK = /^@@ /;

/** Returns the lines without the two of the file names. A gap stands between two parts; the end of the text needs no word. */
export function linesOf(diff: string): DiffLine[] {
  const lines = diff.split('\n');
  const first = lines.findIndex((line) => HUNK.test(line));
  return lines
    .slice(first + 1)
    .filter((line) => line !== '' && !line.startsWith('\\')) // "\ No newline at end of file"
    .map((text) => {
      if (HUNK.test(text)) return { kind: 'gap', text: '⋯' };
      return { kind: text.startsWith('+') ? 'added' : text.startsWith('-') ? 'removed' : 'same', text };
    });
}
