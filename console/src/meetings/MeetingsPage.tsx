// All meetings, filtered and ordered as the address says.

import { useDeferredValue, useState } from 'react';
import { useSearchParams } from 'wouter';
import type { MeetingState } from '../gql/operations';
import { Empty } from '../shell/Empty';
import { Problem } from '../shell/Problem';
import { ShowMore } from '../shell/ShowMore';
import { useTitle } from '../shell/useTitle';
import { useScope } from '../shell/viewer';
import { ConnectionBadge } from '../transcript/ConnectionBadge';
import { ImportButton } from './ImportButton';
import { ImportedFile } from './ImportedFile';
import { MeetingFilters, ORDERS, type MeetingFilterValues } from './MeetingFilters';
import { MeetingList } from './MeetingList';
import { NewMeeting } from './NewMeeting';
import { STATES } from './StateBadge';
import { useImports } from './useImports';
import { useMeetings } from './useMeetings';

export function MeetingsPage() {
  useTitle('Meetings');
  const mayWrite = useScope('WRITE');
  const [isCreating, setIsCreating] = useState(false);
  const { imports, add } = useImports();
  const [parameters, setParameters] = useSearchParams();
  const values: MeetingFilterValues = {
    text: parameters.get('text') ?? '',
    state: STATES.find((state) => state === parameters.get('state')) ?? '',
    order: ORDERS.find(({ name }) => name === parameters.get('order'))?.name ?? 'newest',
  };
  const { meetings, totalCount, problem, loading, isLost, pages, reload } = useMeetings(useDeferredValue(values.text), values.state, values.order);

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
        {isLost && <ConnectionBadge state="lost" error={undefined} />}
        {mayWrite && (
          <div className="actions">
            <ImportButton onFiles={add} />
            <button type="button" className="primary" onClick={() => setIsCreating(true)}>New meeting</button>
          </div>
        )}
      </div>
      {isCreating && <NewMeeting onClose={() => setIsCreating(false)} />}
      {imports.length > 0 && (
        <ul className="imports" aria-label="Imported files">
          {imports.map(({ number, file }) => <ImportedFile key={number} file={file} onImported={reload} />)}
        </ul>
      )}
      <MeetingFilters values={values} onChange={change} />
      <Problem message={problem} onRetry={reload} />
      {meetings.length > 0 && <MeetingList meetings={meetings} />}
      {!loading && !problem && meetings.length === 0 && (
        <Empty title={isFiltered ? 'No meeting is like that' : 'There are no meetings yet'}>
          {isFiltered ? (
            <button type="button" className="link" onClick={() => change({ text: '', state: '' as MeetingState | '' })}>Show all meetings</button>
          ) : (
            <>Drop a transcript file here, or run <code>rapporteur replay</code> to see a meeting as it is spoken.</>
          )}
        </Empty>
      )}
      <ShowMore pages={pages} />
    </>
  );
}
