import { useEffect, useEffectEvent } from 'react';

/** Reads again what no subscription tells of: now and then while the page is in view, and at once when the visitor comes back to it. */
export function useReadAgain(reload: () => void, intervalMs: number): void {
  const readAgain = useEffectEvent(() => {
    if (document.visibilityState === 'visible') reload();
  });
  useEffect(() => {
    const listener = () => readAgain();
    const timer = setInterval(listener, intervalMs);
    addEventListener('focus', listener);
    return () => {
      clearInterval(timer);
      removeEventListener('focus', listener);
    };
  }, [intervalMs]);
}
