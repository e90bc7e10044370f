// The key that the visitor signed in with. It is kept for the tab, and forgotten when the tab is closed.

const STORAGE_KEY = 'rapporteur:key';

export const readKey = (): string | null => sessionStorage.getItem(STORAGE_KEY);

export function storeKey(key: string | null): void {
  if (key === null) sessionStorage.removeItem(STORAGE_KEY);
  else sessionStorage.setItem(STORAGE_KEY, key);
}
