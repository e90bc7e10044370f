import { useLayoutEffect, type RefObject } from 'react';

/** Gives the focus of an editor that goes away to the first button of what held it, from where it is opened again. */
export function useFocusReturn(editor: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const holder = editor.current?.parentElement;
    return () => {
      requestAnimationFrame(() => {
        if (document.activeElement === document.body) holder?.querySelector('button')?.focus({ preventScroll: true });
      });
    };
  }, []);
}
