import { linesOf } from './diffLines';

/** A diff in the unified format, with what came and what went in colour. */
export function TextDiff({ diff }: { diff: string }) {
  return (
    <pre className="diff" tabIndex={0} aria-label="Difference">
      {linesOf(diff).map(({ kind, text }, index) => <span key={index} className={`is-${kind}`}>{`${text}\n`}</span>)}
    </pre>
  );
}
