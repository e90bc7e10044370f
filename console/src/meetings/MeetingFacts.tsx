import { Link } from 'wouter';
import { moment } from '../shell/times';
import type { Meeting } from './operations';

export function MeetingFacts({ meeting, segmentCount }: { meeting: Meeting; segmentCount: number }) {
  return (
    <p className="meeting-facts">
      <time dateTime={meeting.createdAt}>{moment(meeting.createdAt)}</time>
      <span>{segmentCount.toLocaleString()} segments</span>
      {meeting.agent ? <Link href={`/agents/${meeting.agent.id}`}>{meeting.agent.name}</Link> : <span>No agent</span>}
      {meeting.externalId && <span>{meeting.externalId}</span>}
    </p>
  );
}
