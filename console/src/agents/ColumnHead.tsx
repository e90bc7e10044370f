import { useState } from 'react';
import { mutate } from '../api/mutations';
import { ReasonDialog } from '../shell/ReasonDialog';
import { CloneVariant } from './CloneVariant';
import type { Column } from './columns';
import { ACTIVATE_VARIANT, DEACTIVATE_VARIANT, DELETE_VARIANT, type Agent } from './operations';

interface Props {
  agent: Agent;
  column: Column;
  mayWrite: boolean;
  onChange: () => void;
}

/** The name of the base or of a variant, whether it is active, and what can be done with it. */
export function ColumnHead({ agent, column, mayWrite, onChange }: Props) {
  const [dialog, setDialog] = useState<'activate' | 'clone' | 'delete' | null>(null);
  const close = () => setDialog(null);
  return (
    <th scope="col" className={column.isActive ? 'is-active-column' : undefined}>
      <span className="column-name">{column.name}</span>
      {column.isActive && <span className="badge is-active">Active</span>}
      {mayWrite && (
        <span className="row">
          {!column.isActive && <button type="button" aria-label={`Activate ${column.name}`} onClick={() => setDialog('activate')}>Activate</button>}
          <button type="button" aria-label={`Clone ${column.name}`} onClick={() => setDialog('clone')}>Clone</button>
          {column.variant && !column.isActive && <button type="button" aria-label={`Delete ${column.name}`} onClick={() => setDialog('delete')}>Delete</button>}
        </span>
      )}
      {dialog === 'clone' && <CloneVariant agent={agent} column={column} onClose={close} onDone={onChange} />}
      {dialog === 'delete' && (
        <ReasonDialog
          title={`Delete ${column.name}?`}
          action="Delete"
          onClose={close}
          onDone={onChange}
          perform={(client, reason) => mutate(client, DELETE_VARIANT, { id: column.id, expectedVersion: column.version, reason })}
        >
          Its history stays.
        </ReasonDialog>
      )}
      {dialog === 'activate' && (
        <ReasonDialog
          title={`Activate ${column.name}?`}
          action="Activate"
          onClose={close}
          onDone={onChange}
          perform={(client, reason) =>
            column.variant
              ? mutate(client, ACTIVATE_VARIANT, { id: column.id, expectedVersion: column.version, reason })
              : mutate(client, DEACTIVATE_VARIANT, { agentId: agent.id, reason })
          }
        >
          Workers run with it from then on.
        </ReasonDialog>
      )}
    </th>
  );
}
