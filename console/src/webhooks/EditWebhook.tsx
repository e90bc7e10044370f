import { useState } from 'react';
import { mutate, useAction } from '../api/mutations';
import { Dialog } from '../shell/Dialog';
import { UPDATE_WEBHOOK, type Webhook } from './operations';
import { WebhookForm, type WebhookValues } from './WebhookForm';

interface Props {
  webhook: Webhook;
  onChange: () => void;
  onClose: () => void;
}

/** Changes a webhook. If somebody else has changed it meanwhile, nothing is overwritten. */
export function EditWebhook({ webhook, onChange, onClose }: Props) {
  const [before] = useState(webhook); // as it was when the visitor began
  const { run, busy, problem } = useAction();
  const save = ({ name, url, events, document }: WebhookValues) =>
    run(async (client) => {
      const input = { name, url, events: [...events], document };
      await mutate(client, UPDATE_WEBHOOK, { id: before.id, input, expectedVersion: before.version });
      onChange();
      onClose();
    });
  return (
    <Dialog title={`Edit ${webhook.name}`} onClose={onClose}>
      <WebhookForm initial={before} action="Save" busy={busy} problem={problem} onSubmit={(values) => void save(values)} />
    </Dialog>
  );
}
