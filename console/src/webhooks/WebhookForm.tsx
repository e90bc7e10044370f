import { useState } from 'react';
import type { WebhookEventType } from '../gql/operations';
import { ActionForm } from '../shell/ActionForm';
import { EVENT_TYPES, eventWords } from './eventTypes';

export interface WebhookValues {
  name: string;
  url: string;
  events: readonly WebhookEventType[];
  document: string | null;
}

interface Props {
  initial: WebhookValues;
  action: string;
  busy: boolean;
  problem: string | null;
  onSubmit: (values: WebhookValues) => void;
}

/** What a webhook is: where it leads, and what it tells. */
export function WebhookForm({ initial, action, busy, problem, onSubmit }: Props) {
  const [values, setValues] = useState(initial);
  const change = (changes: Partial<WebhookValues>) => setValues({ ...values, ...changes });
  const toggle = (type: WebhookEventType, isWanted: boolean) =>
    change({ events: EVENT_TYPES.filter((each) => (each === type ? isWanted : values.events.includes(each))) });
  return (
    <ActionForm action={action} busy={busy} problem={problem} onSubmit={() => onSubmit(values)}>
      <label>Name <input required value={values.name} onChange={(event) => change({ name: event.target.value })} /></label>
      <label>URL <input required type="url" placeholder="https://example.com/hooks/rapporteur" value={values.url} onChange={(event) => change({ url: event.target.value })} /></label>
      <fieldset>
        <legend>Tell it of</legend>
        {EVENT_TYPES.map((type) => (
          <label key={type} className="check">
            <input type="checkbox" checked={values.events.includes(type)} onChange={(event) => toggle(type, event.target.checked)} />
            {eventWords(type)}
          </label>
        ))}
      </fieldset>
      <details open={initial.document !== null}>
        <summary>Send the answer to a query, too</summary>
        <label>
          GraphQL query; it can have $id, $meetingId and $agentId
          <textarea
            rows={6}
            className="mono"
            placeholder={'query ($meetingId: ID!) {\n  meeting(id: $meetingId) { title state }\n}'}
            value={values.document ?? ''}
            onChange={(event) => change({ document: event.target.value || null })}
          />
        </label>
      </details>
    </ActionForm>
  );
}
