/** A diff in the unified format, with what came and what went in colour. */
export function TextDiff({ diff }: { diff: string }) {
  return (
    <pre className="diff" tabIndex={0} aria-label="Difference">
      {diff.split('\n').filter((line) => !/^(---|\+\+\+|@@)/.test(line)).map((line, index) => (
        <span key={index} className={line.startsWith('+') ? 'is-added' : line.startsWith('-') ? 'is-removed' : undefined}>{`${line}\n`}</span>
      ))}
    </pre>
  );
}
