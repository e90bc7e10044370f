"""Search over segments."""

from datetime import datetime

from db.search import CURSOR
from domain.pages import page_request
from domain.search import SearchPage, checked_search
from resolvers.context import Context
from resolvers.pages import listed

DEFAULT_PAGE = 20
MAX_PAGE = 100


async def segments(
    context: Context,
    query: str,
    meeting_id: str | None,
    speaker: str | None,
    created_after: datetime | None,
    created_before: datetime | None,
    from_time: float | None,
    to_time: float | None,
    first: int | None,
    after: str | None,
) -> SearchPage:
    request = page_request(first, after, None, None, default=DEFAULT_PAGE, maximum=MAX_PAGE, cursor=CURSOR)
    search = checked_search(
        {
            "query": query,
            "meeting_id": meeting_id,
            "speaker": speaker,
            "created_after": created_after,
            "created_before": created_before,
            "from_time": from_time,
            "to_time": to_time,
        }
    )
    hits = await listed(
        context,
        page=lambda repositories: repositories.search.page(request, search),
        count=lambda repositories: repositories.search.count(search),
    )
    return SearchPage(hits)
