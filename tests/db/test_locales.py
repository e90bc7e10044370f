"""Checks that lists, filters and search are the same in every database, whatever its locale."""

import asyncio
from collections.abc import Iterator

import pytest

from db.engine import create_engine
from db.migrate import migrate
from tests.harness.databases import TestPostgres
from tests.harness.servers import Api, running_server, segment

pytestmark = pytest.mark.slow

LOCALES = {
    "C": "LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'",
    "builtin C": "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C' LC_COLLATE 'C' LC_CTYPE 'C'",
    "builtin C.UTF-8": "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'",
}


@pytest.fixture(params=LOCALES)
def empty_url(request: pytest.FixtureRequest, postgres: TestPostgres) -> Iterator[str]:
    with postgres.database(f"template0 ENCODING 'UTF8' {LOCALES[request.param]}") as url:
        yield url


def migrated(url: str, revision: str) -> None:
    async def main() -> None:
        engine = create_engine(url)
        await migrate(engine, revision)
        await engine.dispose()

    asyncio.run(main())


@pytest.fixture
def api(empty_url: str) -> Iterator[Api]:
    with running_server(empty_url, demo=True) as server:
        yield server.api


def test_lists_ignore_case_in_every_script(api: Api) -> None:
    titles = ["Äpfel", "élan", "Élan 2", "жук", "Жук 2", "apple", "Zebra", "öl"]
    for title in titles:
        api.meeting(title=title)
    order = {"field": "TITLE", "direction": "ASC"}
    listed = [each["title"] for each in api.run("Meetings", orderBy=order, first=50)["nodes"]]
    assert [title for title in listed if title in titles] == sorted(titles, key=str.lower)
    found = api.run("Meetings", filter={"text": "ÉLAN"})["nodes"]
    assert {each["title"] for each in found} == {"élan", "Élan 2"}
    found = api.run("Meetings", filter={"text": "жУК"})["nodes"]
    assert {each["title"] for each in found} == {"жук", "Жук 2"}


def found_segments(api: Api, query: str) -> list[tuple[str, list[str]]]:
    """Returns what is found, with the words that are highlighted."""
    document = """query ($query: String!) { searchSegments(query: $query) { edges {
        node { text } highlights { start end } } } }"""
    edges = api.post(document, {"query": query})["data"]["searchSegments"]["edges"]
    texts = [(edge["node"]["text"], edge["highlights"]) for edge in edges]
    return sorted((text, [text[place["start"] : place["end"]] for place in places]) for text, places in texts)


def test_search_ignores_case_in_every_script(api: Api) -> None:
    meeting = api.meeting()
    texts = ["Une ÉCOLE neuve", "une école", "ЖУК и жуки", "İstanbul"]
    segments = [segment(number, text=text) for number, text in enumerate(texts, 1)]
    api.run("UpsertSegments", meetingId=meeting["id"], segments=segments)
    assert found_segments(api, "École") == [("Une ÉCOLE neuve", ["ÉCOLE"]), ("une école", ["école"])]
    assert found_segments(api, "жук") == [("ЖУК и жуки", ["ЖУК"])]


def test_segments_that_are_there_are_found_after_the_migration(empty_url: str) -> None:
    migrated(empty_url, "head")
    with running_server(empty_url, demo=True) as server:
        meeting = server.api.meeting()
        server.api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1, text="Une ÉCOLE")])
        migrated(empty_url, "0007")
        migrated(empty_url, "head")
        assert found_segments(server.api, "école") == [("Une ÉCOLE", ["ÉCOLE"])]
