// What differs between any two configurations of the agent.

import { useState } from 'react';
import { describeFailure } from '../api/problems';
import { useRead } from '../api/useRead';
import type { ConfigRef } from '../gql/operations';
import { Problem } from '../shell/Problem';
import { FieldDiffs } from './FieldDiffs';
import { CONFIG_DIFF, type Agent } from './operations';

const BASE = 'base';
const RESOLVED = 'resolved';

export function ConfigComparison({ agent }: { agent: Agent }) {
  const [from, setFrom] = useState(BASE);
  const [to, setTo] = useState(agent.variants[0]?.id ?? RESOLVED);
  const refTo = (choice: string): ConfigRef => {
    if (choice === BASE) return { base: agent.id };
    return choice === RESOLVED ? { resolved: agent.id } : { variant: choice };
  };
  const [{ data, error }] = useRead({ query: CONFIG_DIFF, variables: { a: refTo(from), b: refTo(to) } });

  const options = (
    <>
      <option value={BASE}>Base</option>
      {agent.variants.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
      <option value={RESOLVED}>Resolved</option>
    </>
  );
  return (
    <section className="panel stack">
      <div className="row">
        <label>From <select value={from} onChange={(event) => setFrom(event.target.value)}>{options}</select></label>
        <label>To <select value={to} onChange={(event) => setTo(event.target.value)}>{options}</select></label>
      </div>
      <Problem message={error && describeFailure(error)} />
      {data?.configDiff && <FieldDiffs fields={data.configDiff.fields} />}
    </section>
  );
}
