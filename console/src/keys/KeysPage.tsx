import { useState } from 'react';
import { useQuery } from 'urql';
import { describeFailure } from '../api/problems';
import { Empty } from '../shell/Empty';
import { Problem } from '../shell/Problem';
import { useTitle } from '../shell/useTitle';
import { KeyTable } from './KeyTable';
import { NewKey } from './NewKey';
import { API_KEYS } from './operations';

const MAX_KEYS = 100;

/** The keys of the workspace, for whoever has the scope ADMIN. */
export function KeysPage() {
  useTitle('Keys');
  const [isCreating, setIsCreating] = useState(false);
  const [{ data, error, fetching }, reload] = useQuery({ query: API_KEYS, variables: { first: MAX_KEYS } });
  const keys = data?.apiKeys.nodes ?? [];
  return (
    <>
      <div className="page-head">
        <h1>Keys</h1>
        <div className="actions"><button type="button" className="primary" onClick={() => setIsCreating(true)}>New key</button></div>
      </div>
      <Problem message={error && describeFailure(error)} onRetry={reload} />
      {isCreating && <NewKey onCreated={reload} onClose={() => setIsCreating(false)} />}
      {keys.length > 0 && <KeyTable keys={keys} onChange={reload} />}
      {keys.length === 0 && !fetching && !error && <Empty title="There are no keys yet">A server with a key asks for one from the next start on.</Empty>}
      {data?.apiKeys.pageInfo.hasNextPage && <p className="hint">Only the newest {MAX_KEYS} are shown.</p>}
    </>
  );
}
