"""Checks that answers have a limit, and that large ones are the same as small ones below it, on every transport."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from domain.segments import Segment
from domain.transcripts import TranscriptFormat, write_transcript
from tests.harness import http
from tests.harness.servers import Api, RunningServer, running_server, segment
from tests.harness.sse_client import event_stream
from tests.harness.websocket_client import websocket

LIMIT_BYTES = 1024 * 1024
LONG = "Said at length. " * 100
SEGMENTS = "query ($id: ID!) { meeting(id: $id) { segments(first: 1000) { nodes { %s } } } }"
EVENTS = "subscription ($id: ID!) { segmentUpdates(meetingId: $id, batchSize: 1000) { segments { text } } }"


@pytest.fixture(scope="module")
def limited(postgres: Any) -> Iterator[RunningServer]:
    with postgres.database() as url, running_server(url, max_answer=LIMIT_BYTES) as running:
        yield running


@pytest.fixture(scope="module")
def long_meeting(limited: RunningServer) -> str:
    """The id of a meeting of 1,000 segments that come to 1.6 MB."""
    id: str = limited.api.meeting("Long")["id"]
    limited.api.run("UpsertSegments", meetingId=id, segments=[segment(n, text=LONG) for n in range(1, 1_001)])
    return id


def expect_too_large(error: Any) -> None:
    assert error["extensions"] == {"code": "QUERY_TOO_COMPLEX", "measure": "answer", "limit": LIMIT_BYTES}
    assert "RAPPORTEUR_MAX_ANSWER" in error["message"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "query",
    [
        SEGMENTS % "text",
        SEGMENTS % " ".join(f"a{n}: text" for n in range(30)),
        "query ($id: ID!) { meeting(id: $id) { transcript(format: VTT) } }",
        "query ($id: ID!) { meeting(id: $id) { transcript(format: JSON) } }",
    ],
)
def test_a_larger_answer_is_an_error(limited: RunningServer, long_meeting: str, query: str) -> None:
    answer = limited.api.post(query, {"id": long_meeting})
    assert not any((answer["data"] or {}).values())
    (error,) = answer["errors"]
    expect_too_large(error)


def test_a_short_text_that_is_asked_for_many_times_is_counted_each_time(limited: RunningServer) -> None:
    agent = limited.api.agent("Repeated", systemPrompt="p" * 100_000)
    query = "query ($id: ID!) { agent(id: $id) { config { %s } } }"
    assert "errors" not in limited.api.post(query % "systemPrompt", {"id": agent["id"]})
    fields = " ".join(f"a{n}: systemPrompt" for n in range(11))
    (error,) = limited.api.post(query % fields, {"id": agent["id"]})["errors"]
    expect_too_large(error)


def test_it_is_an_error_over_websocket_and_as_events_too(limited: RunningServer, long_meeting: str) -> None:
    with websocket(limited.url) as socket:
        for query in (SEGMENTS % "text", EVENTS):
            socket.subscribe("1", query, id=long_meeting)
            expect_too_large(socket.expect_error("1"))
        socket.expect_pong()
    with event_stream(limited.url, EVENTS, id=long_meeting) as stream:
        (error,) = stream.payload()["errors"]
        expect_too_large(error)
        stream.expect_complete()


def test_the_limit_is_for_one_event(limited: RunningServer, long_meeting: str) -> None:
    query = EVENTS.replace("1000", "400").replace("segments { text }", "segments { text } meeting { title }")
    with websocket(limited.url) as socket:
        socket.subscribe("1", query, id=long_meeting)
        batches = [len(socket.next("1")["segments"]) for _ in range(3)]
    assert batches == [400, 400, 200]


@pytest.fixture(scope="module")
def texts(server: RunningServer) -> tuple[str, dict[str, str]]:
    """The id of a meeting of 2,500 segments, and its transcript in each format."""
    api = server.api
    id: str = api.meeting("Hours & hours")["id"]
    inputs = [segment(n, text=f"No. {n}\nof <many>") for n in range(1, 2_501)]
    for start in range(0, 2_500, 1_000):
        api.run("UpsertSegments", meetingId=id, segments=inputs[start : start + 1_000])
    segments: list[Any] = [
        Segment(
            id,  # type: ignore[arg-type]
            each["segmentId"],
            each["text"],
            each["startTime"],
            each["endTime"],
            each["speaker"],
        )
        for each in inputs
    ]
    return id, {format.name: write_transcript(segments, format, title="Hours & hours") for format in TranscriptFormat}


FORMATS = " ".join(f"{format.name.lower()}: transcript(format: {format.name})" for format in TranscriptFormat)


@pytest.mark.slow
def test_a_transcript_that_is_read_in_parts_is_whole(api: Api, texts: tuple[str, dict[str, str]]) -> None:
    id, expected = texts
    answer = api.post(
        f"query ($id: ID!) {{ meeting(id: $id) {{ {FORMATS} again: transcript(format: SRT) }} }}", {"id": id}
    )
    found = answer["data"]["meeting"]
    assert found.pop("again") == found["srt"]
    assert {name.upper(): text for name, text in found.items()} == expected


def test_long_short_and_empty_transcripts_together(api: Api, texts: tuple[str, dict[str, str]]) -> None:
    long, expected = texts
    short, empty = api.meeting("Short", segments=2)["id"], api.meeting("Empty")["id"]
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Meeting { transcript(format: TEXT) } } }"
    for ids in ([long, short, empty], [empty, long, short]):
        answer = api.post(query, {"ids": ids})
        found = dict(zip(ids, (node["transcript"] for node in answer["data"]["nodes"]), strict=True))
        assert found == {
            long: expected["TEXT"],
            short: "Short\n\n[00:00:02] Speaker 1: Text 1\n\n[00:00:04] Speaker 2: Text 2\n",
            empty: "Empty\n",
        }


def test_a_long_transcript_costs_what_it_turns_out_to_have(api: Api, texts: tuple[str, dict[str, str]]) -> None:
    body = {"query": "query ($id: ID!) { meeting(id: $id) { transcript(format: SRT) } }", "variables": {"id": texts[0]}}
    costs = []
    for id in (texts[0], api.meeting("Short", segments=2)["id"]):
        body["variables"] = {"id": id}
        costs.append(
            api.http.post("/graphql", json=body, headers={"Rapporteur-Cost": "1"}).json()["extensions"]["cost"]
        )
    assert costs[0] == costs[1] + 2_500


@pytest.mark.slow
def test_many_large_operations_at_once_are_all_answered(api: Api) -> None:
    rows = "{ meetings(first: 25) { nodes { segments(first: 1000) { nodes { text } } } } }"
    expected = api.post(rows)
    assert "errors" not in expected

    def ask(_: int) -> bool:
        answer: dict[str, Any] = http.post(f"{api.url}/graphql", json={"query": rows}).json()
        return answer == expected

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(16)))
