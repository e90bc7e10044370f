import { useState } from 'react';
import { usePagedRead, type Page } from '../api/pages';
import { describeFailure } from '../api/problems';
import type { ApiKeysQuery } from '../gql/operations';
import { Empty } from '../shell/Empty';
import { Problem } from '../shell/Problem';
import { ShowMore } from '../shell/ShowMore';
import { useTitle } from '../shell/useTitle';
import { KeyTable } from './KeyTable';
import { NewKey } from './NewKey';
import { API_KEYS, type ApiKey } from './operations';

const PAGE_SIZE = 50;

/** The keys of the workspace, for whoever has the scope ADMIN. */
export function KeysPage() {
  useTitle('Keys');
  const [isCreating, setIsCreating] = useState(false);
  const { error, fetching, reload, pages } = usePagedRead(API_KEYS, { first: PAGE_SIZE }, pageOf);
  const keys = pages.items;
  return (
    <>
      <div className="page-head">
        <h1>Keys</h1>
        <div className="actions"><button type="button" className="primary" onClick={() => setIsCreating(true)}>New key</button></div>
      </div>
      <Problem message={error ? describeFailure(error) : pages.problem} onRetry={reload} />
      {isCreating && <NewKey onCreated={reload} onClose={() => setIsCreating(false)} />}
      {keys.length > 0 && <KeyTable keys={keys} onChange={reload} />}
      {keys.length === 0 && !fetching && !error && <Empty title="There are no keys yet">A server with a key asks for one from the next start on.</Empty>}
      <ShowMore pages={pages} />
    </>
  );
}

const pageOf = ({ apiKeys: { nodes, pageInfo } }: ApiKeysQuery): Page<ApiKey> => ({ items: nodes, pageInfo });
