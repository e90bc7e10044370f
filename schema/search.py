"""The GraphQL types and root field of search. Their values are the objects of `domain.search`."""

from datetime import datetime

import strawberry

from domain import pagination as pages
from domain import search, segments
from resolvers import search as resolve
from resolvers.pagination import PageArguments, Paging
from schema.connections import PageInfo
from schema.field_declarations import READERS, Cost, Length, declared, root_field
from schema.segments import Segment


@strawberry.type(
    description="A word found in a segment's text, from `start` to before `end`, counted in Unicode code points:"
    " in JavaScript `Array.from(text).slice(start, end).join('')`."
)
class Highlight:
    start: int = strawberry.field(description="The first code point of the word.")
    end: int = strawberry.field(description="The code point after the word's last one.")


@strawberry.type(description="A segment that was found.")
class SegmentSearchEdge:
    cursor: str = strawberry.field(description="The place in the list of what was found, for `after`.")
    node: segments.Segment = strawberry.field(description="The segment.", graphql_type=Segment)
    rank: float = strawberry.field(
        description="How well it answers the query, from 0 to 1: comparable within one search. It is 0 for everything that"
        " is found with very common words, of which the newest come first."
    )
    highlights: list[search.Highlight] = strawberry.field(
        graphql_type=list[Highlight],
        resolver=resolve.highlights,
        metadata=declared(length=10),
        description=f"In the order of the text; none overlap. The first {search.MAX_HIGHLIGHTS}, within the text's first"
        f" {search.MAX_HIGHLIGHTED_CHARS:,} characters.",
    )


@strawberry.type(description="One page of the segments found, best first.")
class SegmentSearchConnection:
    edges: list[search.SearchEdge] = strawberry.field(
        description="What was found, with cursors, ranks and highlights.",
        graphql_type=list[SegmentSearchEdge],
        resolver=resolve.edges,
        metadata=declared(length=Length.AS_ASKED),
    )
    nodes: list[segments.Segment] = strawberry.field(
        graphql_type=list[Segment],
        resolver=resolve.nodes,
        metadata=declared(length=Length.AS_ASKED),
        description="The nodes of the edges, for those who need no more.",
    )
    page_info: pages.PageInfo = strawberry.field(
        description="The place of the page in the list.", graphql_type=PageInfo, resolver=resolve.page_info
    )
    total_count: int = strawberry.field(
        resolver=resolve.total_count,
        metadata=declared(cost=Cost(once=5_000)),
        description="Of all that is found, counted when asked for.",
    )


@strawberry.type
class SearchQueries:
    @root_field(
        arguments={
            "query": 'The words to find: all of them, "a phrase", or, -without, begin*.',
            "meeting_id": "Only segments of this meeting.",
            "created_after": "Only segments written at this time or later.",
            "created_before": "Only segments written before this time.",
            "from_time": "Only segments that end after so many seconds.",
            "to_time": "Only segments that start before so many seconds.",
        },
        scopes=READERS,
        page=Paging(20, 100, forward_only=True),
        cost=Cost(once=5_000),
        graphql_type=SegmentSearchConnection,
        description="Segments by their words, best first; at most 100 a page. `query` is as for a search engine: all words,"
        f' "a phrase", or, -without, begin*; at most {search.MAX_QUERY_WORDS} words. Case, accents and width do not matter;'
        " parts of names joined by dots, underscores or hyphens are words; scripts without blanks are found by any characters"
        " that follow each other. `createdAfter` is included, `createdBefore` is not; `fromTime` to `toTime` is a span of the"
        " meeting in seconds.",
    )
    def search_segments(
        self,
        query: str,
        meeting_id: strawberry.ID | None = None,
        speaker: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        from_time: float | None = None,
        to_time: float | None = None,
        *,
        page: PageArguments,
    ) -> search.SearchRequest:
        return resolve.segments(
            query,
            meeting_id,
            speaker,
            created_after,
            created_before,
            from_time,
            to_time,
            page,
        )
