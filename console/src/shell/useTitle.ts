import { useEffect } from 'react';

/** Gives the tab a title while the page is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Rapporteur`;
  }, [title]);
}
