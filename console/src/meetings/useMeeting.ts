import { useFollow } from '../api/follow';
import { useRead } from '../api/useRead';
import { MEETING, MEETING_UPDATES } from './operations';

/** A meeting as it is now: it is read again whenever its title, state, agent or names change, or it is deleted. */
export function useMeeting(id: string) {
  const [{ data, error }, reload] = useRead({ query: MEETING, variables: { id } });
  useFollow(id, MEETING_UPDATES, () => ({ meetingId: id }), () => reload());
  return { data, error, reload };
}
