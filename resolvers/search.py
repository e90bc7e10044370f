"""Resolves the search for segments."""

from datetime import datetime

from db.unit_of_work import Repositories
from domain.pagination import Page, PageInfo
from domain.search import SEARCH_CURSOR, Highlight, Hit, Search, SearchEdge, SearchRequest, highlightable
from domain.segments import Segment
from domain.validation import parse
from resolvers.context import Info
from resolvers.pagination import PageArguments


def segments(
    query: str,
    meeting_id: str | None,
    speaker: str | None,
    created_after: datetime | None,
    created_before: datetime | None,
    from_time: float | None,
    to_time: float | None,
    page: PageArguments,
) -> SearchRequest:
    request = page.request(SEARCH_CURSOR)
    search = parse(
        Search,
        {
            "query": query,
            "meeting_id": meeting_id,
            "speaker": speaker,
            "created_after": created_after,
            "created_before": created_before,
            "from_time": from_time,
            "to_time": to_time,
        },
    )
    return SearchRequest(request, search)


async def load_search_page(
    repositories: Repositories, _: list[SearchRequest], request: SearchRequest
) -> dict[SearchRequest, Page[Hit]]:
    """Loads one page, as its loader is for that page only: the fields of the page share what it loads, and its errors."""
    return {request: await repositories.search.page(request.page, request.search)}


async def load_search_count(repositories: Repositories, _: list[Search], search: Search) -> dict[Search, int]:
    return {search: await repositories.search.count(search)}


async def load_highlights(repositories: Repositories, texts: list[str], query: str) -> dict[str, list[Highlight]]:
    """Loads the places of the query's words in each text."""
    return await repositories.search.highlight(query, texts)


async def _page(root: SearchRequest, info: Info) -> Page[Hit]:
    found = await info.context.loaders.of(load_search_page, root).load(root)
    assert found is not None
    return found


async def edges(root: SearchRequest, info: Info) -> list[SearchEdge]:
    page = await _page(root, info)
    return [SearchEdge(page.cursor(hit), hit.segment, hit.rank, root.search.query) for hit in page.nodes]


async def nodes(root: SearchRequest, info: Info) -> list[Segment]:
    return [hit.segment for hit in (await _page(root, info)).nodes]


async def page_info(root: SearchRequest, info: Info) -> PageInfo:
    return (await _page(root, info)).page_info


async def total_count(root: SearchRequest, info: Info) -> int:
    return await info.context.loaders.of(load_search_count, root.search).load(root.search) or 0


async def highlights(root: SearchEdge, info: Info) -> list[Highlight]:
    return await info.context.loaders.of(load_highlights, root.query).load(highlightable(root.node.text)) or []
