import type { ReactNode } from 'react';
import { Problem } from './Problem';

interface Props {
  action: string;
  busy: boolean;
  problem: string | null;
  isDangerous?: boolean;
  onSubmit: () => unknown;
  children: ReactNode;
}

/** A form with one button, which says what it does; below the fields stands what went wrong. */
export function ActionForm({ action, busy, problem, isDangerous = false, onSubmit, children }: Props) {
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void onSubmit();
      }}
    >
      {children}
      <Problem message={problem} />
      <button className={isDangerous ? 'danger' : 'primary'} disabled={busy}>{action}</button>
    </form>
  );
}
