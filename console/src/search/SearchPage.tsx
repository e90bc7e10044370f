// Search over all transcripts, or in one: each hit leads to its place in the transcript.

import { Link, useSearchParams } from 'wouter';
import { usePages } from '../api/pages';
import { describeFailure } from '../api/problems';
import { query } from '../api/queries';
import { useRead } from '../api/useRead';
import type { SearchSegmentsQuery } from '../gql/operations';
import { Empty } from '../shell/Empty';
import { Problem } from '../shell/Problem';
import { ShowMore } from '../shell/ShowMore';
import { useTitle } from '../shell/useTitle';
import { FoundSegment } from './FoundSegment';
import { SEARCH_SEGMENTS } from './operations';
import { searchLink } from './searchLink';

const PAGE_SIZE = 30;

export function SearchPage() {
  const [parameters] = useSearchParams();
  const words = parameters.get('q')?.trim() ?? '';
  const meetingId = parameters.get('meeting');
  const variables = { query: words, meetingId, first: PAGE_SIZE };
  const [{ data, error, fetching }, retry] = useRead({ query: SEARCH_SEGMENTS, variables, pause: words === '' });
  useTitle(words ? `Search: ${words}` : 'Search');
  const found = words ? data?.searchSegments : undefined;
  const pages = usePages(`${words} ${meetingId}`, found && pageOf(found), async (client, after) =>
    pageOf((await query(client, SEARCH_SEGMENTS, { ...variables, after })).searchSegments),
  );

  return (
    <>
      <div className="page-head">
        <h1>{words ? <>Search for “{words}”</> : 'Search'}</h1>
        <span className="count" role="status">{found && !fetching ? `${found.totalCount.toLocaleString()} found` : ''}</span>
      </div>
      {meetingId && words && (
        <p className="meeting-facts">
          <span>In one meeting</span>
          <Link href={`/meetings/${meetingId}`}>Back to the meeting</Link>
          <Link href={searchLink(words)}>Search all transcripts</Link>
        </p>
      )}
      <Problem message={error ? describeFailure(error) : pages.problem} onRetry={retry} />
      {pages.items.length > 0 && (
        <ol className="found-list">
          {pages.items.map((item) => <FoundSegment key={item.id} found={item} />)}
        </ol>
      )}
      {found?.edges.length === 0 && !fetching && (
        <Empty title="Nothing was found">All words must be in one segment. Try fewer words, <code>or</code> between them, or another form.</Empty>
      )}
      {words === '' && <Empty title="Search all transcripts">Words, <code>"a phrase"</code>, <code>or</code>, <code>-without</code>.</Empty>}
      <ShowMore pages={pages} />
    </>
  );
}

const pageOf = ({ edges, pageInfo }: SearchSegmentsQuery['searchSegments']) => ({
  items: edges.map((edge) => ({ ...edge, id: edge.node.id })),
  pageInfo,
});
