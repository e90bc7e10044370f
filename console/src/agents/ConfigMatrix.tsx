// A row for each field; a column for the base, each variant, and what the agent resolves to.

import { useState } from 'react';
import { useScope } from '../shell/viewer';
import { CellEditor } from './CellEditor';
import { ColumnHead } from './ColumnHead';
import { columnsOf, effectiveValue, ownValue } from './columns';
import { ConfigCell } from './ConfigCell';
import { FIELDS, type FieldName } from './fields';
import type { Agent } from './operations';

interface Props {
  agent: Agent;
  onChange: () => void;
}

export function ConfigMatrix({ agent, onChange }: Props) {
  const [edited, setEdited] = useState<{ columnId: string; field: FieldName } | null>(null);
  const mayWrite = useScope('WRITE');
  const columns = columnsOf(agent);
  const active = columns.find(({ isActive }) => isActive) ?? columns[0];
  const close = () => setEdited(null);

  return (
    <div className="matrix" role="region" aria-label="Configuration" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Field</th>
            {columns.map((column) => <ColumnHead key={column.id} agent={agent} column={column} mayWrite={mayWrite} onChange={onChange} />)}
            <th scope="col">Resolved</th>
          </tr>
        </thead>
        <tbody>
          {FIELDS.map((field) => (
            <tr key={field.name}>
              <th scope="row">{field.label}</th>
              {columns.map((column) => (
                <td key={column.id} className={column.isActive ? 'is-active-column' : undefined}>
                  {edited?.columnId === column.id && edited.field === field.name ? (
                    <CellEditor agent={agent} column={column} field={field} onChange={onChange} onClose={close} />
                  ) : (
                    <ConfigCell
                      field={field}
                      columnName={column.name}
                      value={effectiveValue(agent, column, field.name)}
                      isInherited={column.variant !== null && ownValue(agent, column, field.name) === null}
                      isOverride={column.variant !== null}
                      onEdit={mayWrite ? () => setEdited({ columnId: column.id, field: field.name }) : undefined}
                    />
                  )}
                </td>
              ))}
              <td className="is-resolved">
                {active && (
                  <ConfigCell
                    field={field}
                    columnName="Resolved"
                    value={effectiveValue(agent, active, field.name)}
                    isInherited={false}
                    isOverride={active.variant !== null && ownValue(agent, active, field.name) !== null}
                    onEdit={undefined}
                  />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
