import { useState } from 'react';

/** Copies a text, and says that it did. */
export function CopyButton({ text }: { text: string }) {
  const [outcome, setOutcome] = useState('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setOutcome('Copied');
    } catch {
      setOutcome('The browser does not allow it here: select the text and copy it'); // without HTTPS, and not on this machine
    }
  };
  return (
    <>
      <button type="button" className="primary" onClick={() => void copy()}>Copy</button>
      <span role="status">{outcome}</span>
    </>
  );
}
