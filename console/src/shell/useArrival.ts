import { useEffect, useRef } from 'react';
import { useLocation } from 'wouter';

/** Gives the focus to the content of each page that a link has led to, so that the next Tab goes on there, and screen readers read it. */
export function useArrival() {
  const content = useRef<HTMLElement>(null);
  const [path] = useLocation();
  const lastPath = useRef(path);
  useEffect(() => {
    if (path === lastPath.current) return;
    lastPath.current = path;
    if (document.activeElement === document.body) content.current?.focus({ preventScroll: true });
  }, [path]);
  return content;
}
