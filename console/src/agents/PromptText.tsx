const VARIABLE = /(\{\{\s*[A-Za-z_][A-Za-z0-9_]*\s*\}\})/;

/** A prompt with its variables highlighted. */
export function PromptText({ text }: { text: string }) {
  if (text === '') return <span className="hint">empty</span>;
  return (
    <span className="prompt">
      {text.split(VARIABLE).map((part, index) => (index % 2 === 1 ? <mark key={index}>{part}</mark> : part))}
    </span>
  );
}
