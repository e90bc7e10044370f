// All meetings, filtered and ordered as the address says.

import { useDeferredValue } from 'react';
import { useSearchParams } from 'wouter';
import { describeFailure } from '../api/problems';
import type { MeetingState } from '../gql/operations';
import { Empty } from '../shell/Empty';
import { Problem } from '../shell/Problem';
import { useTitle } from '../shell/useTitle';
import { MeetingFilters, ORDERS, type MeetingFilterValues } from './MeetingFilters';
import { MeetingList } from './MeetingList';
import { STATES } from './StateBadge';
import { useMeetings } from './useMeetings';

export function MeetingsPage() {
  useTitle('Meetings');
  const [parameters, setParameters] = useSearchParams();
  const values: MeetingFilterValues = {
    text: parameters.get('text') ?? '',
    state: STATES.find((state) => state === parameters.get('state')) ?? '',
    order: ORDERS.find(({ name }) => name === parameters.get('order'))?.name ?? 'newest',
  };
  const { meetings, totalCount, error, loading, hasMore, loadMore, reload } = useMeetings(useDeferredValue(values.text), values.state, values.order);

  const change = (changes: Partial<MeetingFilterValues>) =>
    setParameters(
      (before) => {
        const after = new URLSearchParams(before);
        for (const [name, value] of Object.entries(changes)) {
          if (value) after.set(name, value);
          else after.delete(name);
        }
        return after;
      },
      { replace: true },
    );
  const isFiltered = values.text !== '' || values.state !== '';

  return (
    <>
      <div className="page-head">
        <h1>Meetings</h1>
        <span className="count" role="status">{totalCount === null ? '' : `${totalCount.toLocaleString()} in all`}</span>
      </div>
      <MeetingFilters values={values} onChange={change} />
      <Problem message={error && describeFailure(error)} onRetry={reload} />
      {meetings.length > 0 && <MeetingList meetings={meetings} />}
      {!loading && !error && meetings.length === 0 && (
        <Empty title={isFiltered ? 'No meeting is like that' : 'There are no meetings yet'}>
          {isFiltered ? (
            <button type="button" className="link" onClick={() => change({ text: '', state: '' as MeetingState | '' })}>Show all meetings</button>
          ) : (
            <>Run <code>rapporteur replay</code> to see one as it is spoken.</>
          )}
        </Empty>
      )}
      {hasMore && <button type="button" onClick={loadMore} disabled={loading}>Show more</button>}
    </>
  );
}
