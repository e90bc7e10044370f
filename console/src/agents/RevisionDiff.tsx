import { describeFailure } from '../api/problems';
import { useRead } from '../api/useRead';
import type { ConfigRef } from '../gql/operations';
import { Problem } from '../shell/Problem';
import { FieldDiffs } from './FieldDiffs';
import { CONFIG_DIFF, type AgentEvent } from './operations';

/** What a change made of the configuration. */
export function RevisionDiff({ event }: { event: AgentEvent }) {
  const at = (version: number): ConfigRef =>
    event.variantId === null
      ? { baseRevision: { agentId: event.agentId, version } }
      : { variantRevision: { variantId: event.variantId, version } };
  const [{ data, error }] = useRead({ query: CONFIG_DIFF, variables: { a: at(event.version - 1), b: at(event.version) } });
  return (
    <>
      <Problem message={error && describeFailure(error)} />
      {data?.configDiff && <FieldDiffs fields={data.configDiff.fields} />}
    </>
  );
}
