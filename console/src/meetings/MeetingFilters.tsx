import type { MeetingOrder, MeetingState } from '../gql/operations';
import { STATES, stateWords } from './StateBadge';

export const ORDERS = [
  { name: 'newest', label: 'Newest first', orderBy: { field: 'CREATED_AT', direction: 'DESC' } },
  { name: 'oldest', label: 'Oldest first', orderBy: { field: 'CREATED_AT', direction: 'ASC' } },
  { name: 'updated', label: 'Last changed first', orderBy: { field: 'UPDATED_AT', direction: 'DESC' } },
  { name: 'title', label: 'By title', orderBy: { field: 'TITLE', direction: 'ASC' } },
] as const satisfies readonly { name: string; label: string; orderBy: MeetingOrder }[];
export type OrderName = (typeof ORDERS)[number]['name'];

export interface MeetingFilterValues {
  text: string;
  state: MeetingState | '';
  order: OrderName;
}

interface Props {
  values: MeetingFilterValues;
  onChange: (changes: Partial<MeetingFilterValues>) => void;
}

export function MeetingFilters({ values, onChange }: Props) {
  return (
    <form className="filters" role="search" aria-label="Filter meetings" onSubmit={(event) => event.preventDefault()}>
      <input
        type="search"
        aria-label="Title contains"
        placeholder="Title contains"
        value={values.text}
        onChange={(event) => onChange({ text: event.target.value })}
      />
      <select aria-label="State" value={values.state} onChange={(event) => onChange({ state: event.target.value as MeetingState | '' })}>
        <option value="">Any state</option>
        {STATES.map((state) => <option key={state} value={state}>{stateWords(state)}</option>)}
      </select>
      <select aria-label="Order" value={values.order} onChange={(event) => onChange({ order: event.target.value as OrderName })}>
        {ORDERS.map(({ name, label }) => <option key={name} value={name}>{label}</option>)}
      </select>
    </form>
  );
}
