import { useState } from 'react';
import { mutate, useAction } from '../api/mutations';
import { Dialog } from '../shell/Dialog';
import { ShownOnce } from '../shell/ShownOnce';
import { CREATE_WEBHOOK } from './operations';
import { WebhookForm, type WebhookValues } from './WebhookForm';

const EMPTY: WebhookValues = { name: '', url: '', events: ['MEETING_STATE_CHANGED'], document: null };

interface Props {
  onCreated: () => void;
  onClose: () => void;
}

/** Creates a webhook, and shows its secret once. */
export function NewWebhook({ onCreated, onClose }: Props) {
  const [secret, setSecret] = useState<string | null>(null);
  const { run, busy, problem } = useAction();
  const create = (values: WebhookValues) =>
    run(async (client) => {
      const created = await mutate(client, CREATE_WEBHOOK, { input: { ...values, events: [...values.events] } });
      setSecret(created.secret);
      onCreated();
    });
  if (secret !== null) return <ShownOnce title="The secret that its messages are signed with" label="Secret" text={secret} onClose={onClose} />;
  return (
    <Dialog title="New webhook" onClose={onClose}>
      <WebhookForm initial={EMPTY} action="Create" busy={busy} problem={problem} onSubmit={(values) => void create(values)} />
    </Dialog>
  );
}
