import { useState } from 'react';

/** Asks for a key, where the server has refused a request without one, or with the one before. */
export function SignIn({ wasRefused, onSignIn }: { wasRefused: boolean; onSignIn: (key: string) => void }) {
  const [key, setKey] = useState('');
  return (
    <main className="sign-in">
      <h1>Rapporteur</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (key.trim()) onSignIn(key.trim());
        }}
      >
        <label htmlFor="key">Key</label>
        <input id="key" type="password" autoComplete="off" autoFocus required value={key} onChange={(event) => setKey(event.target.value)} />
        <button className="primary">Sign in</button>
        {wasRefused && <p className="problem" role="alert">The server does not accept this key: it may be mistyped, expired or revoked.</p>}
        <p className="hint">
          <code>rapporteur keys create NAME --scope write</code> makes a key. It is kept until this tab is closed.
        </p>
      </form>
    </main>
  );
}
