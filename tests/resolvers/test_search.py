"""Search through the API: what is found, in which order, page by page, and what is refused."""

import threading
from typing import Any

import pytest

from domain.search import MAX_HIGHLIGHTED_CHARS
from tests.harness.databases import TestPostgres
from tests.harness.recorded_statements import recorded
from tests.harness.servers import Api, RunningServer, running_server, segment

UNKNOWN = "01900000-0000-7000-8000-00000000dead"


def said(api: Api, *texts: str, **fields: Any) -> Any:
    """A new meeting in which this is said, from segment 1 on."""
    meeting = api.meeting()
    say(api, meeting, *texts, **fields)
    return meeting


def say(api: Api, meeting: Any, *texts: str, first: int = 1, **fields: Any) -> None:
    segments = [segment(n, text=text, **fields) for n, text in enumerate(texts, first)]
    assert "code" not in api.run("UpsertSegments", meetingId=meeting["id"], segments=segments)


def found(api: Api, query: str, meeting: Any = None, **where: Any) -> list[str]:
    """The texts found, in their order."""
    where |= {"meetingId": meeting["id"]} if meeting else {}
    page = api.run("SearchSegments", query=query, first=100, **where)
    assert page["totalCount"] == len(page["edges"])
    return [edge["node"]["text"] for edge in page["edges"]]


def test_words_are_found_in_all_their_forms_and_in_any_case(api: Api) -> None:
    meeting = said(api, "We launched it", "LAUNCHING now", "A lunch", "Launch, then.")
    assert set(found(api, "launches", meeting)) == {"We launched it", "LAUNCHING now", "Launch, then."}


TEXTS = ("the red ship sails", "the ship is red", "a blue ship", "red and blue")


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("red ship", {0, 1}),
        ("ship red", {0, 1}),
        ('"red ship"', {0}),
        ("red or blue", {0, 1, 2, 3}),
        ("red OR blue", {0, 1, 2, 3}),
        ("ship -red", {2}),
        ('ship -"red ship"', {1, 2}),
        ('"blue ship" or "red and blue"', {2, 3}),
        ("green", set()),
        ("the", set()),  # a word too common to be looked for
        ("the ship", {0, 1, 2}),
        ("red, ship!", {0, 1}),
        ("red-ship", {0, 1}),
        ("!&|()", set()),
    ],
)
def test_queries_are_as_for_a_search_engine(api: Api, query: str, numbers: set[int]) -> None:
    meeting = said(api, *TEXTS)
    assert set(found(api, query, meeting)) == {TEXTS[number] for number in numbers}


@pytest.mark.parametrize("query", ["-red", '-"red ship"', "red or -blue", "-red -blue", "-the -red"])
def test_what_only_excludes_is_refused(api: Api, query: str) -> None:
    error = api.expect_error("SearchSegments", query=query)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    (field,) = error["extensions"]["fields"]
    assert field["path"] == "query"
    assert "must have a word that is to be found" in field["message"]


def test_the_best_come_first_with_rank_and_highlights(api: Api) -> None:
    meeting = said(
        api,
        "The gas of which I spoke has, as it were, hardly any limit that anybody knows",
        "gas limit",
        "the gas has a limit",
        "gas limit, gas limit and gas limit",
    )
    edges = api.run("SearchSegments", query="gas limits", meetingId=meeting["id"])["edges"]
    assert [edge["node"]["segmentId"] for edge in edges] == [4, 2, 3, 1]
    ranks = [edge["rank"] for edge in edges]
    assert ranks == sorted(ranks, reverse=True)
    assert all(0 < rank < 1 for rank in ranks)
    assert edges[2]["highlights"] == [{"start": 4, "end": 7}, {"start": 14, "end": 19}]


def test_of_equals_the_newest_comes_first(api: Api) -> None:
    older, newer = said(api, "quokka", "quokka"), said(api, "quokka")
    edges = api.run("SearchSegments", query="quokka")["edges"]
    ids = [edge["node"]["id"] for edge in edges]
    assert ids == [f"{newer['id']}:1", f"{older['id']}:2", f"{older['id']}:1"]


def test_highlights_count_code_points(api: Api) -> None:
    text = "👩‍🚀 to <b>launch</b> &amp; re-launch: é, launch@x.com"
    meeting = said(api, text)
    (edge,) = api.run("SearchSegments", query="launch", meetingId=meeting["id"])["edges"]
    starts = [at for at in range(len(text)) if text.startswith("launch", at)]
    assert edge["highlights"] == [{"start": start, "end": start + 6} for start in starts]


def test_only_the_first_highlights_are_given(api: Api) -> None:
    meeting = said(api, "yak gnat " * 200)
    (edge,) = api.run("SearchSegments", query="gnat", meetingId=meeting["id"])["edges"]
    assert edge["highlights"] == [{"start": start, "end": start + 4} for start in range(4, 900, 9)]


def test_the_start_of_a_long_text_is_looked_into_for_highlights(api: Api) -> None:
    """`launch`, cut, would be taken for the word that it is not."""
    text = "launch " + "so " * 1_329 + "launchpads launch"
    assert text.index("launchpads") < MAX_HIGHLIGHTED_CHARS - 3 < MAX_HIGHLIGHTED_CHARS < len(text)
    meeting = said(api, text, "so " * 2_000 + "launch")
    edges = api.run("SearchSegments", query="launch", meetingId=meeting["id"])["edges"]
    assert {edge["node"]["segmentId"]: edge["highlights"] for edge in edges} == {1: [{"start": 0, "end": 6}], 2: []}


@pytest.mark.parametrize(
    "query", ["cat " * 33, '"' + "cat " * 33 + '"', "cat,dog;" * 17, "cat or " * 17, "cat -dog " * 17]
)
def test_a_query_of_many_words_is_refused(api: Api, query: str) -> None:
    error = api.expect_error("SearchSegments", query=query)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    (field,) = error["extensions"]["fields"]
    assert field["path"] == "query"
    assert "at most 32 words" in field["message"]


def test_queries_of_many_words_rank_by_how_often_they_are_there(api: Api) -> None:
    words = "alpaca bison coati dingo eland fossa gecko heron impala jackal"
    meeting = said(api, words, f"{words} {words}", *(f"{words} {words.split()[n]}" for n in range(8)))
    search = {"query": f"{words} -zebra", "meetingId": meeting["id"]}
    edges = api.run("SearchSegments", first=100, **search)["edges"]
    ranks = [edge["rank"] for edge in edges]
    assert all(0 < rank < 1 for rank in ranks)
    assert ranks == sorted(ranks, reverse=True)
    assert len(ranks) == 10
    assert pages(api, 3, **search) == [edge["node"]["id"] for edge in edges]
    assert [len(edge["highlights"]) for edge in edges if edge["node"]["segmentId"] < 3] in ([20, 10], [10, 20])


def test_filters(api: Api) -> None:
    meeting, other = api.meeting(), said(api, "kiwi elsewhere")
    for number, speaker in enumerate(("Ada", "Bob", "Ada"), 1):  # 2 to 3.5, 4 to 5.5, 6 to 7.5
        say(api, meeting, f"kiwi {number}", first=number, speaker=speaker)
    assert set(found(api, "kiwi", meeting)) == {"kiwi 1", "kiwi 2", "kiwi 3"}
    assert found(api, "kiwi", other) == ["kiwi elsewhere"]
    assert set(found(api, "kiwi", meeting, speaker=" Ada ")) == {"kiwi 1", "kiwi 3"}
    assert found(api, "kiwi", meeting, speaker="ada") == []
    for span, texts in {
        (None, 3.5): {"kiwi 1"},
        (3.5, None): {"kiwi 1", "kiwi 2", "kiwi 3"},
        (3.75, 3.75): set[str](),
        (5.0, 6.5): {"kiwi 2", "kiwi 3"},
        (9.0, 1.0): set[str](),
    }.items():
        assert set(found(api, "kiwi", meeting, fromTime=span[0], toTime=span[1])) == texts, span
    edges = api.run("SearchSegments", query="kiwi", meetingId=meeting["id"])["edges"]
    first, second, third = sorted(edge["node"]["createdAt"] for edge in edges)
    assert set(found(api, "kiwi", meeting, createdAfter=second)) == {"kiwi 2", "kiwi 3"}
    assert found(api, "kiwi", meeting, createdBefore=second) == ["kiwi 1"]
    assert set(found(api, "kiwi", meeting, createdAfter=first, createdBefore=third)) == {"kiwi 1", "kiwi 2"}


def test_an_unknown_meeting_has_no_segments_and_a_malformed_id_is_named(api: Api) -> None:
    assert found(api, "launch", {"id": UNKNOWN}) == []
    error = api.expect_error("SearchSegments", query="launch", meetingId="x")
    assert [field["path"] for field in error["extensions"]["fields"]] == ["meetingId"]


def test_all_that_is_wrong_is_named(api: Api) -> None:
    where = {"speaker": "x" * 201, "fromTime": -1.0, "toTime": 1e300}
    error = api.expect_error("SearchSegments", query="x" * 1_001, meetingId="x", **where)
    paths = {field["path"] for field in error["extensions"]["fields"]}
    assert paths == {"query", "meetingId", "speaker", "fromTime", "toTime"}


def test_revised_text_is_found_at_once_and_the_old_no_more(api: Api) -> None:
    meeting = said(api, "a wombat")
    say(api, meeting, "an ocelot")
    assert found(api, "wombat", meeting) == []
    assert found(api, "ocelot", meeting) == ["an ocelot"]


def test_deleted_text_is_not_found_and_what_comes_back_is(api: Api) -> None:
    meeting = said(api, "a tapir", "another tapir")
    api.run("DeleteSegments", meetingId=meeting["id"], segmentIds=[1])
    assert found(api, "tapir", meeting) == ["another tapir"]
    say(api, meeting, "the tapir is back")
    assert set(found(api, "tapir", meeting)) == {"the tapir is back", "another tapir"}
    api.run("DeleteMeeting", id=meeting["id"])
    assert found(api, "tapir") == []


def pages(api: Api, size: int, **search: Any) -> list[str]:
    """The ids of all pages, one after the other."""
    ids: list[str] = []
    after = None
    while True:
        page = api.run("SearchSegments", first=size, after=after, **search)
        ids += [edge["node"]["id"] for edge in page["edges"]]
        assert page["pageInfo"]["endCursor"] == (page["edges"][-1]["cursor"] if page["edges"] else None)
        if not page["pageInfo"]["hasNextPage"]:
            return ids
        assert len(page["edges"]) == size
        after = page["pageInfo"]["endCursor"]


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 7, 100])
def test_the_pages_together_are_the_whole(api: Api, size: int) -> None:
    meeting = said(api, *(f"capybara {'and so on ' * (n % 5)} capybara {n % 3}" for n in range(50)))
    search = {"query": "capybara", "meetingId": meeting["id"]}
    whole = [edge["node"]["id"] for edge in api.run("SearchSegments", first=100, **search)["edges"]]
    assert len(set(whole)) == 50
    assert pages(api, size, **search) == whole


@pytest.mark.slow
def test_what_comes_meanwhile_shifts_no_page(api: Api) -> None:
    meeting = said(api, *(f"okapi {'and so on ' * (n % 5)}" for n in range(60)))
    whole = [edge["node"]["id"] for edge in api.run("SearchSegments", first=100, query="okapi")["edges"]]
    stop = threading.Event()

    def write() -> None:
        writer = Api(api.url)
        number = 100
        while not stop.is_set():
            number += 1
            say(writer, meeting, f"okapi {'and so on ' * (number % 5)}", first=number)
        writer.http.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        seen = pages(api, 3, query="okapi")
    finally:
        stop.set()
        thread.join()
    assert len(seen) == len(set(seen))
    assert [id for id in seen if id in set(whole)] == whole


def test_a_page_of_none_says_whether_there_are_some(api: Api) -> None:
    meeting = said(api, "ibex")
    page = api.run("SearchSegments", query="ibex", meetingId=meeting["id"], first=0)
    assert (page["edges"], page["totalCount"], page["pageInfo"]["hasNextPage"]) == ([], 1, True)
    error = api.expect_error("SearchSegments", query="ibex", first=101)
    assert [field["path"] for field in error["extensions"]["fields"]] == ["first"]


def test_nodes_are_those_of_the_edges_and_nothing_is_counted_unasked(api: Api) -> None:
    meeting = said(api, "gnu one", "gnu two")
    query = 'query ($id: ID) { searchSegments(query: "gnu", meetingId: $id) { nodes { id } edges { node { id } } } }'
    page = api.post(query, {"id": meeting["id"]})["data"]["searchSegments"]
    assert page["nodes"] == [edge["node"] for edge in page["edges"]]
    assert len(page["nodes"]) == 2


@pytest.mark.parametrize(
    ("fields", "functions"),
    [
        ("totalCount", {"count(*) AS total"}),
        ("nodes { id }", {"ts_rank_cd("}),
        ("edges { cursor rank node { id text } } nodes { id } pageInfo { endCursor }", {"ts_rank_cd("}),
        ("edges { highlights { start } }", {"ts_rank_cd(", "AS matches"}),
        (
            "totalCount nodes { id } edges { rank highlights { start end } node { id } }",
            {"count(*) AS total", "ts_rank_cd(", "AS matches"},
        ),
    ],
)
def test_only_what_is_asked_for_is_looked_up(server: RunningServer, fields: str, functions: set[str]) -> None:
    """Checks that each field is one statement for any number of hits; a page has two more, for how many are expected."""
    meeting = said(server.api, *(f"lemur number {n}" for n in range(9)))
    query = f'query ($id: ID) {{ searchSegments(query: "lemur", meetingId: $id) {{ {fields} }} }}'
    with recorded(server.database.engine) as statements:
        answer = server.api.post(query, {"id": meeting["id"]})
    assert "errors" not in answer
    known = ("count(*) AS total", "ts_rank_cd(", "AS matches")
    run = [[function for function in known if function in statement] for statement in statements]
    assert sorted(filter(None, run)) == sorted([function] for function in functions)
    assert run.count([]) == (2 if "ts_rank_cd(" in functions else 0)


def test_searches_of_one_document_have_their_own_words(api: Api) -> None:
    meeting = said(api, "lynx one", "lynx two")
    query = """query ($id: ID) {
        a: searchSegments(query: "lynx", meetingId: $id) { edges { highlights { start } node { text } } totalCount }
        b: searchSegments(query: "one", meetingId: $id) { edges { highlights { start } node { text } } totalCount }
    }"""
    data = api.post(query, {"id": meeting["id"]})["data"]
    assert [edge["highlights"] for edge in data["a"]["edges"]] == [[{"start": 0}]] * 2
    assert data["b"] == {"edges": [{"highlights": [{"start": 5}], "node": {"text": "lynx one"}}], "totalCount": 1}


@pytest.mark.slow
def test_the_language_is_a_setting(postgres: TestPostgres) -> None:
    with postgres.database() as url:
        with running_server(url) as english:
            meeting = said(english.api, "Die Häuser")
            assert found(english.api, "Haus", meeting) == []
        with running_server(url, search_language="german") as german:
            assert found(german.api, "Haus", meeting) == ["Die Häuser"]
            say(german.api, meeting, "Zwei Bäume", first=2)
        with running_server(url) as unsaid:  # leaves it as it is
            assert found(unsaid.api, "Baum", meeting) == ["Zwei Bäume"]
