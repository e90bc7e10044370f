import type { MeetingState } from '../gql/operations';

const WORDS: Record<MeetingState, string> = {
  CREATED: 'Created',
  RECORDING: 'Live',
  STOPPING: 'Stopping',
  STOPPED: 'Stopped',
  COMPLETED: 'Completed',
  ERROR: 'Failed',
};
export const STATES = Object.keys(WORDS) as MeetingState[];
export const stateWords = (state: MeetingState): string => WORDS[state];

/** A meeting's state; one that is being recorded has a dot. */
export function StateBadge({ state }: { state: MeetingState }) {
  return (
    <span className={`badge state-${state.toLowerCase()}`}>
      {state === 'RECORDING' && <span className="live-dot" aria-hidden="true" />}
      {WORDS[state]}
    </span>
  );
}
