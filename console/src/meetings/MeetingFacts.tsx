import { moment } from '../shell/times';
import type { Meeting } from './operations';

export function MeetingFacts({ meeting, segmentCount }: { meeting: Meeting; segmentCount: number }) {
  return (
    <p className="meeting-facts">
      <time dateTime={meeting.createdAt}>{moment(meeting.createdAt)}</time>
      <span>{segmentCount.toLocaleString()} segments</span>
      <span>{meeting.agent ? meeting.agent.name : 'No agent'}</span>
      {meeting.externalId && <span>{meeting.externalId}</span>}
    </p>
  );
}
