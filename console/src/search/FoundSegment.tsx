import { Link } from 'wouter';
import { clock, moment } from '../shell/times';
import { segmentLink } from '../transcript/useLinkedSegment';
import { splitHighlights } from './highlights';
import type { Found } from './operations';

export function FoundSegment({ found: { node, highlights } }: { found: Found }) {
  return (
    <li>
      <Link href={segmentLink(node.meeting.id, node.segmentId)} className="found">
        <span className="meeting-facts">
          <strong>{node.meeting.title}</strong>
          <time dateTime={node.createdAt}>{moment(node.createdAt)}</time>
          <span>{clock(node.startTime)}</span>
          <span>{node.speaker || 'Unknown'}</span>
        </span>
        <span className="found-text">
          {splitHighlights(node.text, highlights).map(({ text, isFound }, index) =>
            isFound ? <mark key={index}>{text}</mark> : text,
          )}
        </span>
      </Link>
    </li>
  );
}
