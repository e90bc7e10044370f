// Edits one field of the base or of a variant. If somebody else changed it meanwhile, both values are shown, and the visitor
// chooses.

import { useRef, useState, type KeyboardEvent } from 'react';
import { mutate, useAction } from '../api/mutations';
import { Problem } from '../shell/Problem';
import { useFocusReturn } from '../shell/useFocusReturn';
import { ownValue, type Column } from './columns';
import { draftOf, hasLines, isNumeric, show, valueOf, type Field, type Value } from './fields';
import { UPDATE_AGENT, UPDATE_VARIANT, type Agent } from './operations';

interface Props {
  agent: Agent;
  column: Column;
  field: Field;
  onChange: () => void;
  onClose: () => void;
}

export function CellEditor({ agent, column, field, onChange, onClose }: Props) {
  const present = ownValue(agent, column, field.name);
  const [before, setBefore] = useState({ value: present, version: column.version });
  const [initial] = useState(() => draftOf(field, present, column.variant?.config[field.name]));
  const [draft, setDraft] = useState(initial);
  const form = useRef<HTMLFormElement>(null);
  useFocusReturn(form);
  const { run, busy, problem, refusal } = useAction();
  const isConflict = refusal?.isConflict === true && column.version !== before.version;

  const save = (value: () => Value, version = before.version) =>
    run(async (client) => {
      const change = { [field.name]: value() };
      try {
        if (column.variant) await mutate(client, UPDATE_VARIANT, { id: column.id, input: { overrides: change }, expectedVersion: version });
        else await mutate(client, UPDATE_AGENT, { id: column.id, input: { config: change }, expectedVersion: version });
        onClose();
      } finally {
        onChange(); // also after a conflict: to show what the other one wrote
      }
    });
  const value = () => valueOf(field, draft);
  const saveChange = () => {
    if (draft === initial) onClose(); // an inherited value does not become an override by itself
    else void save(value);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onClose();
    const isSave = event.key === 'Enter' && (!hasLines(field) || event.ctrlKey || event.metaKey);
    if (isSave && !(event.target instanceof HTMLButtonElement)) {
      event.preventDefault();
      saveChange();
    }
  };
  const label = `${field.label} of ${column.name}`;

  return (
    <form ref={form} className="cell-editor" aria-label={`Edit ${label}`} onKeyDown={onKeyDown} onSubmit={(event) => event.preventDefault()}>
      {hasLines(field) ? (
        <textarea autoFocus rows={10} aria-label={label} value={draft} onChange={(event) => setDraft(event.target.value)} />
      ) : (
        <input
          autoFocus
          type={isNumeric(field) ? 'number' : 'text'}
          step={field.kind === 'decimal' ? 'any' : 1}
          aria-label={label}
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
        />
      )}
      {isConflict ? (
        <div className="conflict" role="alert">
          <p>Somebody else changed this meanwhile.</p>
          <p>Theirs: <q>{show(present)}</q></p>
          <p>Yours: <q>{draft}</q></p>
          <div className="row">
            <button type="button" onClick={onClose}>Keep theirs</button>
            <button
              type="button"
              disabled={busy}
              onClick={() => {
                setBefore({ value: present, version: column.version });
                void save(value, column.version);
              }}
            >
              Save mine
            </button>
          </div>
        </div>
      ) : (
        <>
          <Problem message={problem} />
          <div className="row">
            <button type="button" className="primary" disabled={busy} onClick={saveChange}>Save</button>
            <button type="button" onClick={onClose}>Cancel</button>
            {column.variant && before.value !== null && <button type="button" disabled={busy} onClick={() => void save(() => null)}>Inherit</button>}
          </div>
        </>
      )}
    </form>
  );
}
