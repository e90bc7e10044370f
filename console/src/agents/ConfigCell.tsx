import { show, type Field, type Value } from './fields';
import { PromptText } from './PromptText';

interface Props {
  field: Field;
  columnName: string;
  value: Value;
  isInherited: boolean;
  isOverride: boolean;
  onEdit: (() => void) | undefined;
}

/** A value of the matrix. An override is marked; what is inherited is grey. */
export function ConfigCell({ field, columnName, value, isInherited, isOverride, onEdit }: Props) {
  const isMarked = isOverride && !isInherited;
  const content = (
    <span className={`value ${isInherited ? 'is-inherited' : ''}`}>
      {isMarked && <span className="override-mark" role="img" aria-label="Override">●</span>}
      {field.kind === 'prompt' ? <PromptText text={String(value)} /> : show(value) || '–'}
    </span>
  );
  if (!onEdit) return content;
  return (
    <button type="button" className="cell" aria-description={`Edit ${field.label} of ${columnName}${isInherited ? ', inherited' : ''}`} onClick={onEdit}>
      {content}
    </button>
  );
}
