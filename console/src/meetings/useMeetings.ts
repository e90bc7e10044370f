// The list of meetings: its first page, and those that were asked for after it.

import { useState } from 'react';
import { useClient, useQuery } from 'urql';
import { useAction } from '../api/mutations';
import type { MeetingState } from '../gql/operations';
import { ORDERS, type OrderName } from './MeetingFilters';
import { MEETINGS, type ListedMeeting } from './operations';

const PAGE_SIZE = 30;

interface LaterPages {
  key: string;
  meetings: readonly ListedMeeting[];
  after: string | null;
}

export function useMeetings(text: string, state: MeetingState | '', order: OrderName) {
  const client = useClient();
  const { run, busy } = useAction();
  const variables = {
    first: PAGE_SIZE,
    segments: 0,
    filter: { ...(text && { text }), ...(state && { state }) },
    orderBy: ORDERS.find(({ name }) => name === order)?.orderBy ?? null,
  };
  const key = JSON.stringify(variables);
  const [{ data, error, fetching }, reload] = useQuery({ query: MEETINGS, variables });
  const [later, setLater] = useState<LaterPages>({ key, meetings: [], after: null });

  const page = data?.meetings;
  const shown = later.key === key ? later : { key, meetings: [], after: null };
  const after = shown.meetings.length > 0 ? shown.after : page?.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;

  const loadMore = () =>
    run(async () => {
      const answer = await client.query(MEETINGS, { ...variables, after });
      if (answer.error) throw answer.error;
      const next = answer.data?.meetings;
      if (!next) return;
      setLater({
        key,
        meetings: [...shown.meetings, ...next.nodes],
        after: next.pageInfo.hasNextPage ? next.pageInfo.endCursor : null,
      });
    });

  return {
    meetings: [...(page?.nodes ?? []), ...shown.meetings],
    totalCount: page?.totalCount ?? null,
    error,
    loading: fetching || busy,
    hasMore: after !== null,
    loadMore,
    reload,
  };
}
