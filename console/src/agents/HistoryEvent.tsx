import { useState } from 'react';
import { mutate } from '../api/mutations';
import type { EventKind } from '../gql/operations';
import { ReasonDialog } from '../shell/ReasonDialog';
import { moment } from '../shell/times';
import { useScope } from '../shell/viewer';
import { labelOf, show } from './fields';
import { REVERT_AGENT, REVERT_VARIANT, type Agent, type AgentEvent } from './operations';
import { RevisionDiff } from './RevisionDiff';

export const EVENT_WORDS: Record<EventKind, string> = {
  CREATED: 'created',
  UPDATED: 'changed',
  ACTIVATED: 'activated',
  DEACTIVATED: 'deactivated',
  STATE_CHANGED: 'moved on',
  ROLLED_BACK: 'taken back to an earlier version',
  DELETED: 'deleted',
};
const KINDS_OF_CONFIGURATION: readonly EventKind[] = ['CREATED', 'UPDATED', 'ROLLED_BACK'];

interface Props {
  agent: Agent;
  event: AgentEvent;
  onChange: () => void;
}

/** One change: who did it and why, what it changed, and the way back to how it was after it. */
export function HistoryEvent({ agent, event, onChange }: Props) {
  const [isReverting, setIsReverting] = useState(false);
  const [showsDiff, setShowsDiff] = useState(false);
  const mayWrite = useScope('WRITE');
  const variant = agent.variants.find(({ id }) => id === event.variantId);
  const name = event.variantId === null ? 'Base' : (variant?.name ?? 'A variant that is gone');
  const present = event.variantId === null ? agent : variant;
  const hasConfiguration = KINDS_OF_CONFIGURATION.includes(event.kind);
  const isPast = hasConfiguration && present !== undefined && event.version < present.version;

  return (
    <li className="event">
      <div className="row">
        <strong>{name} {EVENT_WORDS[event.kind]}</strong>
        <span className="hint">by {event.actor}, <time dateTime={event.createdAt}>{moment(event.createdAt)}</time>, version {event.version}</span>
      </div>
      {event.reason && <p className="reason">{event.reason}</p>}
      {event.kind !== 'CREATED' && (
        <ul className="changes">
          {event.changes.map(({ field, before, after }) => (
            <li key={field}>{labelOf(field)}: <del>{show(before)}</del> → <ins>{show(after)}</ins></li>
          ))}
        </ul>
      )}
      <div className="row">
        {hasConfiguration && event.version > 1 && present && (
          <button type="button" aria-expanded={showsDiff} onClick={() => setShowsDiff(!showsDiff)}>{showsDiff ? 'Hide the diff' : 'Diff'}</button>
        )}
        {mayWrite && isPast && <button type="button" onClick={() => setIsReverting(true)}>Revert to this</button>}
      </div>
      {showsDiff && <RevisionDiff event={event} />}
      {isReverting && present && (
        <ReasonDialog
          title={`Revert ${name} to version ${event.version}?`}
          action="Revert"
          onClose={() => setIsReverting(false)}
          onDone={onChange}
          perform={(client, reason) => {
            const revert = { id: present.id, toVersion: event.version, expectedVersion: present.version, reason };
            return event.variantId === null ? mutate(client, REVERT_AGENT, revert) : mutate(client, REVERT_VARIANT, revert);
          }}
        >
          Name, description and configuration become what they were then. What is active stays.
        </ReasonDialog>
      )}
    </li>
  );
}
