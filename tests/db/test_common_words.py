"""Search for very common words: the newest segments come first, unranked, and page by page."""

from collections.abc import Iterator
from typing import Any

import pytest

from db import search as searches
from db.database import Database
from db.search import SearchRepository
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from domain.meetings import Meeting
from domain.pagination import PageRequest
from domain.search import SEARCH_CURSOR, UNRANKED, Hit, Search
from domain.segments import SegmentContent

pytestmark = pytest.mark.slow

SEGMENT_COUNT = 100


@pytest.fixture(autouse=True)
def low_limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lets words of 30 segments be very common."""
    monkeypatch.setattr(searches, "MAX_RANKED_SEGMENTS", 30)
    monkeypatch.setattr(searches, "MAX_NEWEST_SEGMENTS", 20)
    for query in (SearchRepository._newest, SearchRepository._bounded_page):
        query.cache_clear()
    yield
    for query in (SearchRepository._newest, SearchRepository._bounded_page):
        query.cache_clear()


def said(number: int) -> str:
    """Returns the text of a segment: most have "okapi", the older ones "quagga", the newer ones "kudu nyala", a few "ibex"."""
    words = ["okapi " * (1 + number % 5) if number <= 60 or number > 80 else "gnu", "quagga" * (number <= 60)]
    words.append("kudu nyala" * (number > 60))
    return " ".join((*words, "ibex" * (number % 10 == 0), f"in segment {number}"))


@pytest.fixture
async def database(database: Database, observer: Any) -> Database:
    async with database.unit_of_work(WORKSPACE) as uow:
        meeting = await uow.meetings.create(Meeting.create(title="Weekly"))
        contents = [
            SegmentContent(said(n), n, n + 1.0, segment_id=n, speaker=f"{n % 2}") for n in range(1, SEGMENT_COUNT + 1)
        ]
        await uow.segments.add_many(meeting.id, contents)
        await uow.commit()
    await observer.execute("ANALYZE segments")
    return database


async def pages(database: Database, search: Search, size: int) -> list[Hit]:
    """Returns what all pages of this size have, one after the other."""
    hits: list[Hit] = []
    after = None
    while True:
        page = await database.repositories(WORKSPACE).search.page(PageRequest(size, after=after), search)
        hits += page.nodes
        if not page.more:
            return hits
        assert len(page.nodes) == size
        after = SEARCH_CURSOR(page.cursor(page.nodes[-1]))


def numbers(hits: list[Hit]) -> list[int]:
    return [hit.segment.segment_id for hit in hits]


@pytest.mark.parametrize("size", [1, 7, 15])
async def test_the_newest_come_first_without_a_rank(database: Database, size: int) -> None:
    hits = await pages(database, Search("okapi"), size)
    assert numbers(hits) == [*range(100, 80, -1), *range(60, 0, -1)]
    assert {hit.rank for hit in hits} == {UNRANKED}


async def test_conditions_hold(database: Database) -> None:
    search = Search("okapi", speaker="1", from_time=40)
    hits = await pages(database, search, 3)
    assert numbers(sorted(hits, key=lambda hit: hit.segment.segment_id)) == [*range(39, 60, 2), *range(81, 101, 2)]
    assert numbers(await pages(database, Search("okapi", speaker="1"), 5)) == [*range(99, 80, -2), *range(59, 0, -2)]


@pytest.mark.parametrize("query", ["kudu nyala", "kudu kudu", '"kudu nyala"'])
async def test_words_that_come_together_are_counted_where_postgresql_expects_few(
    database: Database, query: str
) -> None:
    hits = await pages(database, Search(query), 7)
    assert numbers(hits) == list(range(100, 60, -1))
    assert {hit.rank for hit in hits} == {UNRANKED}


async def test_what_is_excluded_is_not_found(database: Database) -> None:
    hits = await pages(database, Search("okapi -ibex"), 5)
    assert numbers(hits) == [n for n in (*range(100, 80, -1), *range(60, 0, -1)) if n % 10]


@pytest.mark.parametrize("query", ["quagga", "ibex", "gnu"])
async def test_other_words_are_ranked(database: Database, query: str) -> None:
    """Also those that are common only in older segments."""
    hits = await pages(database, Search(query), 7)
    assert sorted(numbers(hits)) == [n for n in range(1, SEGMENT_COUNT + 1) if query in said(n)]
    keys = [(hit.rank, hit.segment.segment_id) for hit in hits]
    assert keys == sorted(keys, reverse=True)
    assert min(hit.rank for hit in hits) > UNRANKED


async def test_a_whole_page_is_ranked_if_that_is_all_there_is(database: Database) -> None:
    assert all(hit.rank > UNRANKED for hit in await pages(database, Search("okapi"), 100))
