// Search over all transcripts: each hit leads to its place in the transcript.

import { useQuery } from 'urql';
import { useSearchParams } from 'wouter';
import { describeFailure } from '../api/problems';
import { Empty } from '../shell/Empty';
import { Problem } from '../shell/Problem';
import { useTitle } from '../shell/useTitle';
import { FoundSegment } from './FoundSegment';
import { SEARCH_SEGMENTS } from './operations';

const PAGE_SIZE = 30;
const MAX_PAGE_SIZE = 100;

export function SearchPage() {
  const [parameters, setParameters] = useSearchParams();
  const query = parameters.get('q')?.trim() ?? '';
  const first = parameters.get('more') === null ? PAGE_SIZE : MAX_PAGE_SIZE;
  const [{ data, error, fetching }, retry] = useQuery({
    query: SEARCH_SEGMENTS,
    variables: { query, first },
    pause: query === '',
  });
  useTitle(query ? `Search: ${query}` : 'Search');
  const found = query ? data?.searchSegments : undefined;
  const showMore = () =>
    setParameters((before) => new URLSearchParams([...before, ['more', '1']]), { replace: true });

  return (
    <>
      <div className="page-head">
        <h1>{query ? <>Search for “{query}”</> : 'Search'}</h1>
        <span className="count" role="status">{found && !fetching ? `${found.totalCount.toLocaleString()} found` : ''}</span>
      </div>
      <Problem message={error && describeFailure(error)} onRetry={retry} />
      {found && found.edges.length > 0 && (
        <ol className="found-list">
          {found.edges.map((edge) => <FoundSegment key={edge.node.id} found={edge} />)}
        </ol>
      )}
      {found?.edges.length === 0 && !fetching && (
        <Empty title="Nothing was found">All words must be in one segment. Try fewer words, <code>or</code> between them, or another form.</Empty>
      )}
      {query === '' && <Empty title="Search all transcripts">Words, <code>"a phrase"</code>, <code>or</code>, <code>-without</code>.</Empty>}
      {found?.pageInfo.hasNextPage && first < MAX_PAGE_SIZE && <button type="button" onClick={showMore}>Show more</button>}
    </>
  );
}
