import { useState } from 'react';
import { useLocation } from 'wouter';
import { mutate, useAction } from '../api/mutations';
import { Problem } from '../shell/Problem';
import { ReasonDialog } from '../shell/ReasonDialog';
import { ShownOnce } from '../shell/ShownOnce';
import { EditWebhook } from './EditWebhook';
import { DELETE_WEBHOOK, ROTATE_WEBHOOK_SECRET, TEST_WEBHOOK, UPDATE_WEBHOOK, type Webhook } from './operations';

interface Props {
  webhook: Webhook;
  onChange: () => void;
}

export function WebhookActions({ webhook, onChange }: Props) {
  const { id, name, version, isEnabled } = webhook;
  const [dialog, setDialog] = useState<'edit' | 'pause' | 'rotate' | 'delete' | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const { run, busy, problem } = useAction();
  const [, navigate] = useLocation();
  const close = () => setDialog(null);
  const test = () =>
    run(async (client) => {
      await mutate(client, TEST_WEBHOOK, { id });
      onChange();
    });

  return (
    <div className="actions">
      <button type="button" disabled={busy} onClick={() => void test()}>Send a test</button>
      <button type="button" onClick={() => setDialog('pause')}>{isEnabled ? 'Pause…' : 'Enable…'}</button>
      <button type="button" onClick={() => setDialog('edit')}>Edit…</button>
      <button type="button" onClick={() => setDialog('rotate')}>New secret…</button>
      <button type="button" className="danger" onClick={() => setDialog('delete')}>Delete…</button>
      <Problem message={problem} />
      {secret !== null && <ShownOnce title={`The new secret of ${name}`} label="Secret" text={secret} onClose={() => setSecret(null)} />}
      {dialog === 'edit' && <EditWebhook webhook={webhook} onChange={onChange} onClose={close} />}
      {dialog === 'pause' && (
        <ReasonDialog
          title={isEnabled ? `Pause ${name}?` : `Enable ${name}?`}
          action={isEnabled ? 'Pause' : 'Enable'}
          onClose={close}
          onDone={onChange}
          perform={(client, reason) => mutate(client, UPDATE_WEBHOOK, { id, input: { isEnabled: !isEnabled }, expectedVersion: version, reason })}
        >
          {isEnabled ? 'Nothing is sent from now on. What happens meanwhile is not sent later.' : 'It is told of what happens from now on.'}
        </ReasonDialog>
      )}
      {dialog === 'rotate' && (
        <ReasonDialog
          title={`Give ${name} a new secret?`}
          action="New secret"
          onClose={close}
          onDone={onChange}
          perform={async (client, reason) => setSecret((await mutate(client, ROTATE_WEBHOOK_SECRET, { id, reason })).secret)}
        >
          For 24 hours messages are signed with both: change it where you verify them within that time.
        </ReasonDialog>
      )}
      {dialog === 'delete' && (
        <ReasonDialog
          title={`Delete ${name}?`}
          action="Delete"
          onClose={close}
          onDone={() => navigate('/webhooks')}
          perform={(client, reason) => mutate(client, DELETE_WEBHOOK, { id, expectedVersion: version, reason })}
        >
          Nothing is sent any more, and what was sent is forgotten.
        </ReasonDialog>
      )}
    </div>
  );
}
