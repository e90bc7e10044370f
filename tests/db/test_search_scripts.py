"""Search in all scripts: what is stored is found by its words, their parts and beginnings, and highlighted as it is written."""

import asyncio
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from db.database import Database
from db.engine import Engine
from db.migrate import migrate
from db.search_index import INDEX_VERSION, index_segments
from db.workspaces import ensure_workspace
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from domain.ids import MeetingId
from domain.pagination import PageRequest
from domain.search import Search
from domain.search_query import MIN_PREFIX_CHARS
from domain.search_words import words_of
from tests.harness.older_statements import SEARCH
from tests.harness.stored_segments import content, new_meeting, upsert_segments
from tests.harness.waiting import until_lock_is_awaited

pytestmark = pytest.mark.slow

PAGE = PageRequest(100)
Found = list[tuple[str, list[str]]]
"""The texts found, with what is highlighted in each."""


@pytest.fixture
async def restarted(database_url: str) -> AsyncIterator[Database]:
    """The database as a server has it that starts after a migration: no connection has prepared a statement before."""
    database = Database(database_url, pool_size=1)
    yield database
    await database.close()


async def store(database: Database, *texts: str) -> MeetingId:
    meeting_id = await new_meeting(database)
    await upsert_segments(database, meeting_id, *(content(number, text) for number, text in enumerate(texts, 1)))
    return meeting_id


async def find(database: Database, query: str) -> Found:
    repositories = database.repositories(WORKSPACE)
    page = await repositories.search.page(PAGE, Search(query))
    assert await repositories.search.count(Search(query)) == len(page.nodes)
    texts = [hit.segment.text for hit in page.nodes]
    places = await repositories.search.highlight(query, texts)
    assert all(0 < hit.rank < 1 for hit in page.nodes)
    return [(text, [text[place.start : place.end] for place in places[text]]) for text in texts]


CASES = [
    ("Le café ouvre à Zürich", "cafe zurich", ["café", "Zürich"]),
    ("The cafe in Zurich", "CAFÉ Zu\u0308rich", ["cafe", "Zurich"]),
    ("Die Straße", "STRASSE", ["Straße"]),
    ("Die STRASSE", "straße", ["STRASSE"]),
    ("the ﬁnal oﬀer", "final offer", ["ﬁnal", "oﬀer"]),
    ("ＫＵＢＥＲＮＥＴＥＳ １２", "kubernetes 12", ["ＫＵＢＥＲＮＥＴＥＳ", "１２"]),
    ("İstanbul", "istanbul", ["İstanbul"]),
    ("ISPARTA", "ısparta", ["ISPARTA"]),
    ("مُحَمَّد هنا", "محمد", ["مُحَمَّد"]),
    ("שָׁלוֹם לכם", "שלום", ["שָׁלוֹם"]),
    ("ΟΔΟΣ", "οδός", ["ΟΔΟΣ"]),
    ("Он идёт", "идет", ["идёт"]),
    ("हिन्दी में", "हिन्दी", ["हिन्दी"]),
    ("日本語のテストを今日行います。", "テスト", ["テスト"]),
    ("日本語のテストを今日行います。", "今日", ["今日"]),
    ("日本語のテストを今日行います。", "本", ["本"]),
    ("我们明天讨论测试计划。", "测试计划", ["测试计划"]),
    ("ﾃﾞｰﾀを見る", "データ", ["ﾃﾞｰﾀ"]),
    ("회의를 시작합니다", "회의", ["회의"]),
    ("พรุ่งนี้เราจะประชุม", "ประชุม", ["ประชุม"]),
    ("ພວກເຮົາ ປະຊຸມ", "ປະຊຸມ", ["ປະຊຸມ"]),
    ("第3回GDP会議", "3回gdp", ["3", "回", "GDP"]),
    ("Write to help.desk@example.com", "desk", ["desk"]),
    ("Write to help.desk@example.com", "help.desk@example.com", ["help", "desk", "example", "com"]),
    ("It failed in user_service.py", "service", ["service"]),
    ("It failed in user_service.py", "user_service", ["user", "service"]),
    ("We use node.js", "node.js", ["node", "js"]),
    ("a follow-up of 3.11", '"follow up" 3.11', ["follow", "3", "11"]),
    ("kubernetes clusters", "kube*", ["kubernetes"]),
    ("the deployment of universities", "deploym* universit*", ["deployment", "universities"]),
    ("Élections", "elec*", ["Élections"]),
    ("The IT team said it", "IT", ["IT"]),
    ("我们的IT部门", "IT", ["IT"]),
    ("This is WHO data", '"WHO data"', ["WHO", "data"]),
    ("soft\u00adhyphen", "softhyphen", ["soft\u00adhyphen"]),
]


@pytest.mark.parametrize(("text", "query", "highlights"), CASES)
async def test_what_is_said_is_found(database: Database, text: str, query: str, highlights: list[str]) -> None:
    await store(database, text, "Something else", "その他", "기타", "อื่น ๆ", "прочее")
    assert await find(database, query) == [(text, highlights)]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("I said it", "IT"),
        ("The IT team", "it"),
        ("テスとスト", "テスト"),
        ("example desk", '"desk example"'),
        ("help the desk", "help.desk"),
        ("a launch", "k*"),
        ("ม้า", "มา"),
        ("the red ship", "ship -re*"),
    ],
)
async def test_what_is_not_said_is_not_found(database: Database, text: str, query: str) -> None:
    await store(database, text)
    assert await find(database, query) == []


@pytest.mark.parametrize("query", ["-kube*", "-テスト", "red or -kube*"])
async def test_excluded_beginnings_alone_are_refused(database: Database, query: str) -> None:
    with pytest.raises(Exception, match="must have a word that is to be found"):
        await find(database, query)


async def test_stemmers_read_accents(database: Database, engine: Engine) -> None:
    await ensure_workspace(engine, WORKSPACE, "default", "french")
    text = "Les pommes mangées hier"
    await store(database, text)
    for query in ("manger", "mangées", "mangees", '"mangées hier"', '"pommes mangees hier"', "mang*"):
        assert [found for found, _ in await find(database, query)] == [text], query


async def test_capitals_in_capitals_are_words(database: Database) -> None:
    await store(database, "THE SHIP", "the ship")
    assert {text for text, _ in await find(database, "THE SHIP")} == {"THE SHIP", "the ship"}


SCRIPTS = st.sampled_from(
    [
        *(
            "Latin",
            "éàü",
            "ßæø",
            "İı",
            "ﬁﬀ",
            "Ａ１",
            "Привет",
            "йё",
            "Ωδός",
            "שָׁלוֹם",
            "مُحَمَّد",
            "हिन्दी",
            "தமிழ்",
            "ქართული",
        ),
        *(
            "日本語",
            "テスト",
            "ﾃﾞｰﾀ",
            "测试",
            "회의를",
            "ㅎㅏㄴ",
            "ประชุม",
            "น้ำ",
            "ປະຊຸມ",
            "មនុស្ស",
            "မြန်မာ",
            "ⅳ",
            "㎏",
            "½",
            "e\u0301",
            "👩‍🚀",
        ),
        *(
            ".",
            "_",
            "-",
            "@",
            "/",
            " ",
            ", ",
            "…",
            "。",
            "’",
            "\u00ad",
            "\u200b",
            "\u200d",
            "1e5",
            "IT",
            "a" * 600,
            "漢" * 60,
        ),
    ]
)
TEXTS = st.lists(
    st.one_of(SCRIPTS, st.text(st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\0"), max_size=4))
)


@settings(max_examples=60)
@given(TEXTS.map("".join).filter(str.strip))
@example("préIT")
@example("x" * 1_200)
@example("é" * 501 + "," + "z" * 1_001 + " ab,cd")
@example("0 IT A")
@example("˥ \u0740 a˥")
def test_every_word_is_found_in_every_form(search: Callable[[str, list[str]], list[Found]], text: str) -> None:
    text = text.strip()[:2_000]
    words = [word for word in words_of(text) if word.folded][:6]
    # Not "½" in "0½", which is "01/2".
    written = [text[word.start : word.end] for word in words]
    written = [
        each for each, word in zip(written, words, strict=True) if [part.text for part in words_of(each)] == [word.text]
    ]
    forms = [unicodedata.normalize(form, each) for each in written for form in ("NFC", "NFD", "NFKC")]
    prefixes = [f"{each[:-1]}*" for each in written if each[:-1].isalpha() and len(each) > MIN_PREFIX_CHARS + 2]
    queries = [f'"{each}"' for each in forms if '"' not in each] + prefixes
    queries = [query for query in queries if len(query) <= 1_000]
    for query, found in zip(queries, search(text, queries), strict=True):
        assert [each for each, _ in found] == [text], (query, text)
        assert found[0][1], (query, text)


@pytest.fixture
def search(database_url: str) -> Iterator[Callable[[str, list[str]], list[Found]]]:
    """Returns what queries find where a text is all that is said, in a language without common words."""
    runner = asyncio.Runner()
    database = Database(database_url, pool_size=1)

    async def prepare() -> MeetingId:
        await ensure_workspace(database.engine, WORKSPACE, "default", "simple")
        return await new_meeting(database)

    meeting_id = runner.run(prepare())

    async def run(text: str, queries: list[str]) -> list[Found]:
        await upsert_segments(database, meeting_id, content(1, text))
        return [await find(database, query) for query in queries]

    with runner:
        yield lambda text, queries: runner.run(run(text, queries))
        runner.run(database.close())


# The index


async def test_the_migration_indexes_what_is_there_anew(
    database: Database, restarted: Database, engine: Engine, observer: Any
) -> None:
    meeting_id = await store(database, "Le café", "日本語のテスト", "Plain words", "Deleted")
    await migrate(engine, "0012")
    assert await observer.fetchval("SELECT search_vector::text FROM segments WHERE segment_id = 1") == "'café':2 'le':1"
    await observer.execute("UPDATE segments SET deleted = true, text = '' WHERE segment_id = 4")
    before = await observer.fetch("SELECT version, change_seq, updated_at FROM segments ORDER BY segment_id")
    unchanged = await observer.fetchval("SELECT ctid FROM segments WHERE segment_id = 3")
    await migrate(engine)
    assert {text for text, _ in await find(restarted, "cafe or テスト")} == {"日本語のテスト", "Le café"}
    assert await observer.fetch("SELECT version, change_seq, updated_at FROM segments ORDER BY segment_id") == before
    assert await observer.fetchval("SELECT ctid FROM segments WHERE segment_id = 3") == unchanged
    assert await observer.fetchval("SELECT index_version FROM workspaces") == INDEX_VERSION
    await upsert_segments(restarted, meeting_id, content(5, "Une fée"))
    assert [text for text, _ in await find(restarted, "fee")] == ["Une fée"]


async def test_what_was_left_unfinished_is_finished(database: Database, engine: Engine, observer: Any) -> None:
    await store(database, "Le café")
    await observer.execute("ALTER TABLE segments ALTER search_vector DROP EXPRESSION")
    await observer.execute("UPDATE segments SET search_vector = ''; UPDATE workspaces SET index_version = 1")
    await index_segments(engine)
    assert await observer.fetchval("SELECT index_version FROM workspaces") == INDEX_VERSION


async def test_reads_and_writes_go_on_while_segments_are_indexed(
    database: Database, engine: Engine, observer: Any
) -> None:
    first, second = await store(database, "Le café"), await store(database, "La fée")
    await observer.execute("UPDATE workspaces SET index_version = 1")
    async with observer.transaction():
        await observer.execute("SELECT FROM meetings WHERE id = $1 FOR NO KEY UPDATE", second)
        indexing = asyncio.create_task(index_segments(engine))
        await until_lock_is_awaited(observer)
        await upsert_segments(database, first, content(2, "Un café"))
        assert {text for text, _ in await find(database, "cafe or fee")} == {"Le café", "La fée", "Un café"}
    await indexing
    assert await observer.fetchval("SELECT index_version FROM workspaces") == INDEX_VERSION


async def test_an_older_server_finds_words_beside_a_newer_one(
    database: Database, restarted: Database, engine: Engine, observer: Any
) -> None:
    await store(database, "We launched the café")
    await migrate(engine, "0012")
    await migrate(engine)
    await store(restarted, "They launched it at a CAFÉ on Friday")
    for query, found in (("launching", 2), ('"on friday"', 1), ("friday or launch", 2), ("launch -friday", 1)):
        assert len(await observer.fetch(SEARCH, WORKSPACE, query)) == found, query
