// Shows what the page just did as code, to copy.

import { useContext, useState } from 'react';
import { useCalls } from '../api/calls';
import { API_URL } from '../api/root';
import { CopyButton } from './CopyButton';
import { Dialog } from './Dialog';
import { LANGUAGES, snippet, type Language } from './snippets';
import { ViewerContext } from './viewer';

export function CopyCalls({ hasKey }: { hasKey: boolean }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setIsOpen(true)} title="What this page just did, as curl, Python or TypeScript">Copy as code</button>
      {isOpen && <CopyDialog hasKey={hasKey} onClose={() => setIsOpen(false)} />}
    </>
  );
}

function CopyDialog({ hasKey, onClose }: { hasKey: boolean; onClose: () => void }) {
  const calls = useCalls();
  const [name, setName] = useState(calls[0]?.name ?? '');
  const [language, setLanguage] = useState<Language>('curl');
  const viewer = useContext(ViewerContext);
  const call = calls.find((each) => each.name === name) ?? calls[0];
  const code = call ? snippet(language, call, { url: API_URL, hasKey }) : '';
  return (
    <Dialog title="What this page just did" onClose={onClose}>
      <div className="row">
        <select aria-label="Operation" value={call?.name} onChange={(event) => setName(event.target.value)}>
          {calls.map((each) => <option key={each.name} value={each.name}>{each.name} ({each.kind})</option>)}
        </select>
        <select aria-label="Language" value={language} onChange={(event) => setLanguage(event.target.value as Language)}>
          {LANGUAGES.map((each) => <option key={each}>{each}</option>)}
        </select>
        <CopyButton key={code} text={code} />
      </div>
      <pre className="code" tabIndex={0} aria-label="Code">{code}</pre>
      {hasKey && <p className="hint">It reads the key from RAPPORTEUR_KEY{viewer && `: one like ${viewer.name}`}.</p>}
    </Dialog>
  );
}
