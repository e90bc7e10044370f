// Lists that are read page by page, as far as somebody asks for.

import { useEffect, useState } from 'react';
import type { AnyVariables, Client, TypedDocumentNode } from 'urql';
import { useAction } from './mutations';
import { query } from './queries';
import { useRead } from './useRead';

export interface Page<Item> {
  items: readonly Item[];
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
}

/**
 * Gives the items of a list: those of its first page, and of as many pages after it as were asked for.
 *
 * The later pages are read anew whenever the first one ends elsewhere, so that no item is left out between two of them.
 * `key` names the list: another list begins with one page.
 */
export function usePages<Item extends { id: string }>(
  key: string,
  first: Page<Item> | undefined,
  readPage: (client: Client, after: string) => Promise<Page<Item>>,
) {
  const { run, busy, problem } = useAction();
  const [asked, setAsked] = useState({ key, pages: 0 });
  const [later, setLater] = useState<{ key: string; after: string | null; pages: readonly Page<Item>[] }>({ key, after: null, pages: [] });
  const after = first ? cursorAfter(first) : null;
  const wanted = asked.key === key ? asked.pages : 0;
  const pages = first && after !== null && later.key === key ? [first, ...later.pages.slice(0, wanted)] : first ? [first] : [];

  useEffect(() => {
    if (after === null || wanted === 0) return;
    let isCurrent = true;
    void run(async (client) => {
      const read = later.key === key && later.after === after ? [...later.pages] : [];
      while (isCurrent && read.length < wanted) {
        const cursor = read.length === 0 ? after : cursorAfter(read[read.length - 1]!);
        if (cursor === null) break;
        read.push(await readPage(client, cursor));
      }
      if (isCurrent) setLater({ key, after, pages: read });
    });
    return () => {
      isCurrent = false;
    };
  }, [key, after, asked]);

  const items = new Map(pages.flatMap((page) => page.items.map((item) => [item.id, item]))); // two pages may overlap for a moment
  const last = pages[pages.length - 1];
  return {
    items: [...items.values()],
    hasMore: last !== undefined && cursorAfter(last) !== null,
    isLoadingMore: busy,
    problem,
    loadMore: () => setAsked({ key, pages: pages.length }),
  };
}

/** Reads a list: its first page as `useRead` does, and as many pages after it as are asked for. Other variables name another list. */
export function usePagedRead<Data extends object, Variables extends AnyVariables & object, Item extends { id: string }>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  pageOf: (data: Data) => Page<Item>,
) {
  const [{ data, error, fetching }, reload] = useRead<Data, Variables>({ query: document, variables });
  const pages = usePages(JSON.stringify(variables), data && pageOf(data), async (client, after) =>
    pageOf(await query(client, document, { ...variables, after })),
  );
  return { data, error, fetching, reload, pages };
}

const cursorAfter = ({ pageInfo }: Page<unknown>): string | null => (pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null);
