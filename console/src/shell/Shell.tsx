// What stands around every page: the way to the others, and who the visitor is.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { describeFailure } from '../api/problems';
import { useRead } from '../api/useRead';
import { SearchBox } from '../search/SearchBox';
import { CopyCalls } from './CopyCalls';
import { VIEWER } from './operations';
import { Problem } from './Problem';
import { ThemeToggle } from './ThemeToggle';
import { useArrival } from './useArrival';
import { ViewerContext } from './viewer';

const linkClass = (isActive: boolean) => (isActive ? 'active' : '');

export function Shell({ onSignOut, children }: { onSignOut: (() => void) | null; children: ReactNode }) {
  const [{ data, error }, retry] = useRead({ query: VIEWER, variables: {} });
  const viewer = data?.viewer ?? null;
  const content = useArrival();
  return (
    <ViewerContext value={viewer}>
      <a className="skip" href="#content">Skip to the content</a>
      <header className="header">
        <Link href="/meetings" className="brand">Rapporteur</Link>
        <nav aria-label="Pages">
          <Link href="/meetings" className={linkClass}>Meetings</Link>
          <Link href="/agents" className={linkClass}>Agents</Link>
          {viewer?.scopes.includes('ADMIN') && (
            <>
              <Link href="/keys" className={linkClass}>Keys</Link>
              <Link href="/webhooks" className={linkClass}>Webhooks</Link>
            </>
          )}
        </nav>
        <SearchBox />
        <div className="header-end">
          <CopyCalls hasKey={onSignOut !== null} />
          <ThemeToggle />
          {onSignOut && (
            <button type="button" onClick={onSignOut} title={viewer ? `Signed in as ${viewer.name}` : undefined}>Sign out</button>
          )}
        </div>
      </header>
      <main id="content" ref={content} tabIndex={-1}>
        <Problem message={error && describeFailure(error)} onRetry={retry} />
        {children}
      </main>
    </ViewerContext>
  );
}
