// A meeting: what is known of it, and its transcript as it changes.

import { useDeferredValue } from 'react';
import { Link } from 'wouter';
import { describeFailure } from '../api/problems';
import { Empty } from '../shell/Empty';
import { Problem } from '../shell/Problem';
import { useTitle } from '../shell/useTitle';
import { useScope } from '../shell/viewer';
import { ConnectionBadge } from '../transcript/ConnectionBadge';
import { SpeakersPanel } from '../transcript/SpeakersPanel';
import { Timeline } from '../transcript/Timeline';
import { TranscriptView } from '../transcript/TranscriptView';
import { useTranscript } from '../transcript/useTranscript';
import { EditMeeting } from './EditMeeting';
import { EraseMeeting } from './EraseMeeting';
import { ExportTranscript } from './ExportTranscript';
import { MeetingFacts } from './MeetingFacts';
import { SearchMeeting } from './SearchMeeting';
import { StateBadge } from './StateBadge';
import { useMeeting } from './useMeeting';

export function MeetingPage({ id }: { id: string }) {
  const { data, error, reload } = useMeeting(id);
  const { transcript, caughtUp, connection } = useTranscript(id, reload);
  const deferred = useDeferredValue(transcript); // the words come first
  const meeting = data?.meeting;
  const mayWrite = useScope('WRITE');
  const mayErase = useScope('ADMIN');
  useTitle(meeting?.title ?? 'Meeting');

  if (data && !meeting) {
    return <Empty title="There is no such meeting">It may have been deleted. <Link href="/meetings">All meetings</Link></Empty>;
  }
  return (
    <article className="meeting-page">
      <Problem message={error && describeFailure(error)} onRetry={reload} />
      {meeting && (
        <header className="meeting-head">
          <div className="page-head">
            <h1>{meeting.title}</h1>
            <StateBadge state={meeting.state} />
            <ConnectionBadge state={connection.state} error={connection.error} />
            <div className="actions">
              <SearchMeeting meeting={meeting} />
              <ExportTranscript meeting={meeting} />
              {mayWrite && <EditMeeting meeting={meeting} onChange={reload} />}
              {mayErase && <EraseMeeting meeting={meeting} />}
            </div>
          </div>
          <MeetingFacts meeting={meeting} segmentCount={caughtUp ? transcript.segments.length : meeting.segmentCount} />
        </header>
      )}
      {meeting && (
        <>
          <Timeline transcript={deferred} />
          <div className="columns">
            <TranscriptView transcript={transcript} meeting={meeting} caughtUp={caughtUp} />
            <SpeakersPanel transcript={deferred} meeting={meeting} />
          </div>
        </>
      )}
    </article>
  );
}
