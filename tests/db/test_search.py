"""Search in the database: its plans, its language, the migration of what is there, and texts that are hard to take apart."""

import asyncio
import contextlib
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from db.database import Database
from db.engine import Engine
from db.migrate import migrate
from db.workspaces import ensure_workspace
from domain.errors import InvalidInput
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from domain.ids import MeetingId, WorkspaceId, new_id
from domain.meetings import Meeting
from domain.pagination import PageRequest
from domain.search import LANGUAGES, Hit, Search, highlightable
from domain.search_words import BLANKS_IN_ASCII
from domain.segments import SegmentContent
from tests.harness.databases import TestPostgres
from tests.harness.recorded_statements import recorded, watched
from tests.harness.waiting import until_lock_is_awaited

pytestmark = pytest.mark.slow

PAGE = PageRequest(100)


async def meeting_of(database: Database, *texts: str, workspace: WorkspaceId = WORKSPACE) -> MeetingId:
    """A new meeting in which this is said, from segment 1 on."""
    async with database.unit_of_work(workspace) as uow:
        meeting = await uow.meetings.create(Meeting.create(title="Weekly"))
        if texts:
            await uow.segments.add_many(meeting.id, contents(*texts))
        await uow.commit()
    return meeting.id


def contents(*texts: str) -> list[SegmentContent]:
    return [SegmentContent(text, n, n + 1.0, segment_id=n) for n, text in enumerate(texts, 1)]


async def hits(database: Database, query: str, workspace: WorkspaceId = WORKSPACE, **where: Any) -> list[Hit]:
    repositories = database.repositories(workspace)
    search = Search(query, **where)
    page = await repositories.search.page(PAGE, search)
    assert await repositories.search.count(search) == len(page.nodes)
    return list(page.nodes)


async def found(database: Database, query: str, workspace: WorkspaceId = WORKSPACE, **where: Any) -> set[str]:
    return {hit.segment.text for hit in await hits(database, query, workspace, **where)}


async def highlighted(database: Database, query: str, text: str) -> list[str]:
    start = highlightable(text)
    highlights = (await database.repositories(WORKSPACE).search.highlight(query, [start]))[start]
    return [text[highlight.start : highlight.end] for highlight in highlights]


async def test_another_workspaces_segments_are_not_found(database: Database, engine: Engine) -> None:
    other = WorkspaceId(new_id())
    await ensure_workspace(engine, other, "other")
    theirs = await meeting_of(database, "Their launch", workspace=other)
    await meeting_of(database, "Our launch")
    assert await found(database, "launch") == {"Our launch"}
    assert await found(database, "launch", other) == {"Their launch"}
    assert await found(database, "launch", meeting_id=theirs) == set()


async def test_a_workspace_that_is_not_there_finds_nothing(database: Database) -> None:
    assert await hits(database, "launch", WorkspaceId(new_id())) == []


# Languages


async def test_every_language_is_one_of_the_servers(observer: Any) -> None:
    known = {
        row[0]
        for row in await observer.fetch(
            "SELECT cfgname FROM pg_ts_config WHERE cfgnamespace = 'pg_catalog'::regnamespace"
        )
    }
    assert known >= LANGUAGES


async def test_a_new_language_reindexes_what_is_there(database: Database, engine: Engine, observer: Any) -> None:
    await meeting_of(database, "Die Häuser sind verkauft", "They were running")
    assert await found(database, "Haus") == set()
    assert await found(database, "run") == {"They were running"}
    before = await observer.fetch("SELECT version, change_seq, updated_at FROM segments ORDER BY segment_id")

    await ensure_workspace(engine, WORKSPACE, "default", "german")
    assert await found(database, "Haus") == {"Die Häuser sind verkauft"}
    assert await found(database, "run") == set()
    assert await observer.fetch("SELECT version, change_seq, updated_at FROM segments ORDER BY segment_id") == before
    await meeting_of(database, "Alle Häuser")
    assert len(await found(database, "Haus")) == 2

    await ensure_workspace(engine, WORKSPACE, "renamed")  # says nothing of the language
    with recorded(engine) as statements:
        await ensure_workspace(engine, WORKSPACE, "renamed", "german")
    assert not any("LOCK" in statement for statement in statements)
    assert len(await found(database, "Haus")) == 2


async def test_only_the_workspaces_own_segments_change_their_language(database: Database, engine: Engine) -> None:
    other = WorkspaceId(new_id())
    await ensure_workspace(engine, other, "other", "german")
    await meeting_of(database, "Die Häuser", workspace=other)
    await meeting_of(database, "The houses")
    await ensure_workspace(engine, WORKSPACE, "default", "french")
    assert await found(database, "Haus", other) == {"Die Häuser"}
    assert await found(database, "houses") == {"The houses"}


async def test_no_write_keeps_the_old_language(database: Database, engine: Engine, observer: Any) -> None:
    meeting = await meeting_of(database)
    async with database.unit_of_work(WORKSPACE) as early, database.unit_of_work(WORKSPACE) as late:
        await early.segments.add(meeting, contents("Ein Haus")[0])
        speaking = asyncio.create_task(ensure_workspace(engine, WORKSPACE, "default", "german"))
        await until_lock_is_awaited(observer, 1)
        writing = asyncio.create_task(late.segments.add(meeting, SegmentContent("Die Häuser", 2.0, 3.0)))
        await until_lock_is_awaited(observer, 2)
        await early.commit()
        await speaking
        await writing
        await late.commit()
    assert await found(database, "Häusern") == {"Ein Haus", "Die Häuser"}
    assert await observer.fetchval("SELECT count(DISTINCT language) FROM segments") == 1


# Plans


async def test_the_index_is_used_whatever_the_words(database: Database, observer: Any) -> None:
    """Also with a plan that was made before the words were known, as prepared statements have after some executions."""
    meeting = await meeting_of(database, *(f"word{n} common" for n in range(1_000)))
    for _ in range(9):
        await meeting_of(database, *(f"word{n} common" for n in range(1_000)))
    await observer.execute("VACUUM ANALYZE segments")
    wheres: list[dict[str, Any]] = [{}, {"meeting_id": meeting}]
    for where in wheres:
        executed: list[tuple[str, Any]] = []

        with watched(database.engine, lambda *statement: executed.append(statement)):  # noqa: B023 (in this round)
            assert len(await found(database, "word7 common", **where)) == 1
        for statement, parameters in executed:
            if "FROM segments" not in statement or statement.startswith("EXPLAIN"):
                continue
            for mode in ("force_custom_plan", "force_generic_plan"):
                await observer.execute(f"SET plan_cache_mode = {mode}")
                plan = "\n".join(row[0] for row in await observer.fetch(f"EXPLAIN {statement}", *parameters))
                assert "Bitmap Index Scan on segments_search_idx" in plan, plan
                assert "Seq Scan on segments" not in plan, plan


# The migration


async def test_segments_that_are_there_can_be_found_after_the_migration(
    database: Database, engine: Engine, observer: Any
) -> None:
    await meeting_of(database, "The houses are sold", "Deleted later")
    await migrate(engine, "0001")
    await observer.execute("UPDATE segments SET deleted = true, text = '' WHERE segment_id = 2")
    await migrate(engine)
    assert await found(database, "house") == {"The houses are sold"}
    assert await found(database, "later") == set()


async def test_a_dump_can_be_restored(observer: Any, database: Database) -> None:
    """pg_restore writes rows with an empty search path: the function must find all it needs."""
    await meeting_of(database, "The houses are sold")
    await observer.execute("SET search_path = ''; SET row_security = off")
    await observer.execute("UPDATE public.segments SET text = 'A tree'")
    assert await found(database, "trees") == {"A tree"}


# Texts


async def test_the_index_takes_the_same_characters_for_blanks(observer: Any) -> None:
    words = "x".join(BLANKS_IN_ASCII)
    vector = await observer.fetchval("SELECT search_vector('simple', $1)::text", f"a{words}b")
    blanks = f"a{' x' * (len(BLANKS_IN_ASCII) - 1)} b"
    assert vector == await observer.fetchval("SELECT to_tsvector('simple', $1)::text", blanks)


@pytest.mark.parametrize(
    "run",
    [
        "_a",
        "./",
        "@1e",
        "<!--",
        "-e-0.a",
        ".1e11.1",
        "a-a.",
        "/a",
        "a",
        "é-",
        "漢",
        '<a b="',
        "&#1",
        "http://a.",
        "1e",
        "กำ่",
        "\u1112\u1161",
        "e\u0301",
    ],
)
async def test_no_text_takes_long_to_take_apart(database: Database, observer: Any, run: str) -> None:
    """20,000 characters that would take PostgreSQL's parser seconds take it less than a hundredth of this timeout each."""
    await observer.execute("SET statement_timeout = '5s'")
    text = (run * 20_000)[:19_990] + " findable"
    await observer.fetch("SELECT search_vector('english', $1) FROM generate_series(1, 20)", text)
    await meeting_of(database, text)
    assert await found(database, "findable") == {text}


async def test_letters_that_stand_for_many_do_not_take_long_either(database: Database, observer: Any) -> None:
    """The normal form is 18 times as long as the text; what is beyond its 40,000th character is not indexed."""
    await observer.execute("SET statement_timeout = '5s'")
    text = "ﷺ" * 20_000
    await observer.fetch("SELECT search_vector('english', $1) FROM generate_series(1, 10)", text)
    await meeting_of(database, text)
    assert await found(database, "الله") == {text}
    assert await highlighted(database, "الله", text[:100]) == ["ﷺ"] * 100


@pytest.mark.parametrize(
    "query",
    [
        *("a" * 1000, "漢" * 1000, "é" * 1000, "😀" * 1000, "-" * 1000, '"' * 999, "or " * 333, "-a " * 333 + "b"),
        *("a or " * 200 + "b", "b " * 500, "(a & b) | !c:*", "'", "''", "\\", "a:b:c", "a <-> b", "\ufdd0\ufdd1", "%_"),
        *(
            '"a b c d e f g" ' * 60,
            "https://a.b/c?d=e",
            "a@b.c",
            "<b>a</b>",
            "&amp;",
            "1e400",
            "-1",
            "a" + "\u0301" * 900,
        ),
    ],
)
async def test_no_query_breaks_the_search(database: Database, query: str) -> None:
    await meeting_of(database, "a b c d", "1 2 3")
    with contextlib.suppress(InvalidInput):
        await hits(database, query)


NASTY = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *(
                    "<b>",
                    "</b>",
                    "<",
                    ">",
                    "<!--",
                    "&amp;",
                    "&#65;",
                    "http://a.bc/d?e=f",
                    "a@b.cd",
                    "well-known",
                    "-",
                    "/",
                ),
                *(
                    "👩‍🚀",
                    "e\u0301",
                    "ﬁ",
                    "ß",
                    "İ",
                    "1.5",
                    "-3e7",
                    "10:30",
                    "\ufdd0",
                    "\ufdd1",
                    "a_b",
                    "'",
                    '"',
                    "\\",
                    "\n",
                ),
                *(
                    "\u200b",
                    "\u202e",
                    "漢字",
                    "नमस्ते",
                    "שלום",
                    "ABC",
                    "it's",
                    "...",
                    "\t",
                    "\u00a0",
                    "\ud7ff",
                    "\U0010ffff",
                ),
            ]
        ),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(NASTY, NASTY, st.sampled_from(["", " "]))
@example(["<b>"], ["</b>"], "")
@example(["http://"], [".com/launch/launched"], "")
@example(["\ufdd0"], ["\ufdd1"], " ")
def test_what_is_highlighted_is_a_form_of_the_word(
    postgres: TestPostgres, highlighting: Any, before: list[str], after: list[str], between: str
) -> None:
    text = f"{between.join(before)} launched {between.join(after)}"
    for marked in highlighting(text, "launch"):
        assert marked.lower().startswith("launch"), text
    assert "launched" in highlighting(text, "launching"), text


@pytest.fixture
def highlighting(database_url: str) -> Any:
    """Returns what is highlighted in a text for a query. The text replaces that of the meeting's only segment."""
    runner = asyncio.Runner()
    database = Database(database_url, pool_size=1)
    meeting = runner.run(meeting_of(database, "First"))

    async def highlight(text: str, query: str) -> list[str]:
        async with database.unit_of_work(WORKSPACE) as uow:
            await uow.segments.add(meeting, contents(text)[0])
            await uow.commit()
        (hit,) = await hits(database, query)
        assert hit.segment.text == text
        return await highlighted(database, query, text)

    with runner:
        yield lambda text, query: runner.run(highlight(text, query))
        runner.run(database.close())


async def test_what_is_excluded_is_not_highlighted(database: Database) -> None:
    await meeting_of(database, "The launch is a red one", "A red launch date")
    (hit,) = await hits(database, 'launch -"red launch"')
    assert await highlighted(database, 'launch -"red launch"', hit.segment.text) == ["launch"]
