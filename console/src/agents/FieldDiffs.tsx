import { labelOf, show } from './fields';
import type { FieldDiff } from './operations';
import { TextDiff } from './TextDiff';

/** The fields that differ between two configurations. */
export function FieldDiffs({ fields }: { fields: readonly FieldDiff[] }) {
  if (fields.length === 0) return <p className="hint">They are equal.</p>;
  return (
    <dl className="diffs">
      {fields.map(({ field, a, b, textDiff }) => (
        <div key={field}>
          <dt>{labelOf(field)}</dt>
          <dd>{textDiff ? <TextDiff diff={textDiff} /> : <><del>{show(a)}</del> → <ins>{show(b)}</ins></>}</dd>
        </div>
      ))}
    </dl>
  );
}
