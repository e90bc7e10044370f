import { Link } from 'wouter';
import { clock, moment } from '../shell/times';
import type { ListedMeeting } from './operations';
import { StateBadge } from './StateBadge';

const MAX_SPEAKERS = 4;

export function MeetingList({ meetings }: { meetings: readonly ListedMeeting[] }) {
  return (
    <ul className="meetings">
      {meetings.map((meeting) => (
        <li key={meeting.id}>
          <Link href={`/meetings/${meeting.id}`} className="meeting">
            <span className="meeting-title">{meeting.title}</span>
            <StateBadge state={meeting.state} />
            <span className="meeting-facts">
              <time dateTime={meeting.createdAt}>{moment(meeting.createdAt)}</time>
              {length(meeting) && <span>{length(meeting)}</span>}
              <span>{meeting.segmentCount.toLocaleString()} segments</span>
              {meeting.agent && <span>{meeting.agent.name}</span>}
              <span>{speakers(meeting)}</span>
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** From the start to the last word, which also meetings have that go on or were imported. */
function length({ speakers }: ListedMeeting): string | null {
  const end = Math.max(0, ...speakers.map(({ lastEndTime }) => lastEndTime));
  return end > 0 ? clock(end) : null;
}

function speakers({ speakers }: ListedMeeting): string {
  const names = speakers.map(({ speaker }) => speaker).filter(Boolean);
  const more = names.length - MAX_SPEAKERS;
  return names.slice(0, MAX_SPEAKERS).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
