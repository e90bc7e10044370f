import { Link } from 'wouter';
import { mutate, useAction } from '../api/mutations';
import { Problem } from '../shell/Problem';
import { moment } from '../shell/times';
import { eventWords } from './eventTypes';
import { REDELIVER, type Delivery } from './operations';

interface Props {
  delivery: Delivery;
  /** Its state. */
  words: string;
  onChange: () => void;
}

/** A message: what it told of, how the receiver answered each time, and the way to send it again. */
export function DeliveryItem({ delivery, words, onChange }: Props) {
  const { run, busy, problem } = useAction();
  const redeliver = () =>
    run(async (client) => {
      await mutate(client, REDELIVER, { id: delivery.id });
      onChange();
    });
  const { state, events, meetingId, agentId, nextAttemptAt, attempts } = delivery;
  return (
    <li className="event">
      <div className="row">
        <span className={`badge ${state === 'DELIVERED' ? 'is-active' : state === 'FAILED' ? 'state-error' : ''}`}>{words}</span>
        <strong>{events.map(eventWords).join(', ')}</strong>
        {meetingId && <Link href={`/meetings/${meetingId}`}>The meeting</Link>}
        {agentId && <Link href={`/agents/${agentId}`}>The agent</Link>}
        <time className="hint" dateTime={delivery.changedAt}>{moment(delivery.changedAt)}</time>
        <button type="button" className="end" disabled={busy} onClick={() => void redeliver()}>{state === 'PENDING' ? 'Send it now' : 'Send again'}</button>
      </div>
      {state === 'PENDING' && nextAttemptAt && <p className="hint">It is sent {attempts.length > 0 && 'again '}{moment(nextAttemptAt)}.</p>}
      <ul className="changes">
        {attempts.map(({ at, statusCode, error, duration }) => (
          <li key={at}>
            {moment(at)}: {statusCode !== null && <>answered <strong>{statusCode}</strong></>} {error} after {Math.round(duration * 1000).toLocaleString()} ms
          </li>
        ))}
      </ul>
      <Problem message={problem} />
    </li>
  );
}
