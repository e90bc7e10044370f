"""Writes segments with the Python library, to a server that fails in the ways that servers and networks fail."""

from typing import Any

import pytest

from domain.principals import Scope
from rapporteur_client import (
    AsyncClient,
    Client,
    ClientClosed,
    NotWritten,
    QueueFull,
    Refused,
    SegmentInput,
    SegmentsRefused,
    Word,
)
from rapporteur_client.segment_queue import SegmentQueue
from tests.harness.api_keys import GuardedServer
from tests.harness.network import Network
from tests.harness.servers import Api, RunningServer, running_server

UNKNOWN = "01900000-0000-7000-8000-00000000ffff"
TIMEOUT_SECONDS = 60.0


def said(number: int, text: str = "", **fields: Any) -> SegmentInput:
    return SegmentInput(text or f"Text {number}", number, number + 0.5, external_id=f"s-{number}", **fields)


def texts(api: Api, meeting: Any) -> dict[str, str]:
    """Returns the text of each segment of a meeting by its external id."""
    edges = api.run("Transcript", id=meeting["id"], first=1000)["segments"]["edges"]
    assert len({edge["node"]["externalId"] for edge in edges}) == len(edges)
    return {edge["node"]["externalId"]: edge["node"]["text"] for edge in edges}


async def test_segments_are_written_once_though_answers_are_lost(api: Api, network: Network) -> None:
    meeting = api.meeting()
    async with AsyncClient(network.url, agents=[]) as client, client.segments(meeting["id"]) as writer:
        writer.write(said(1))
        await writer.flush(TIMEOUT_SECONDS)
        network.lose_answers()  # what is sent now is done, and nobody is told
        for number in range(2, 300):
            writer.write(said(number))
        await writer.flush(TIMEOUT_SECONDS)
        network.go_down()
        writer.write(said(2, "Revised"))
        with pytest.raises(NotWritten):
            await writer.flush(0.05)
        network.come_back()
    assert texts(api, meeting) == {f"s-{n}": f"Text {n}" for n in range(1, 300)} | {"s-2": "Revised"}


async def test_a_full_queue_refuses_new_segments_and_takes_revisions(api: Api, network: Network) -> None:
    meeting = api.meeting()
    network.go_down()
    async with AsyncClient(network.url, agents=[]) as client, client.segments(meeting["id"], max_queued=3) as writer:
        for number in range(3):
            writer.write(said(number))
        with pytest.raises(QueueFull, match="3 segments"):
            writer.write(said(3))
        network.come_back()
        await writer.flush(TIMEOUT_SECONDS)
        writer.write(said(3))
    assert sorted(texts(api, meeting)) == ["s-0", "s-1", "s-2", "s-3"]


async def test_a_refused_segment_does_not_keep_the_others_of_its_batch_from_being_written(
    api: Api, server: RunningServer
) -> None:
    meeting = api.meeting()
    told: list[tuple[Refused, list[str | None]]] = []

    def on_refused(error: Refused, segments: Any) -> None:
        told.append((error, [segment.external_id for segment in segments]))
        raise RuntimeError("a callback that fails does no harm")

    async with (
        AsyncClient(server.url, agents=[]) as client,
        client.segments(meeting["id"], on_refused=on_refused) as writer,
    ):
        for number in range(3):
            writer.write(said(number))
        writer.write(SegmentInput("Ends before it starts", 5.0, 4.0, external_id="wrong"))
        with pytest.raises(Refused, match="cannot be sent"):
            writer.write(SegmentInput("Half a character: \ud800", 5.0, 6.0))
        with pytest.raises(SegmentsRefused, match="endTime"):
            await writer.flush(TIMEOUT_SECONDS)
        writer.write(said(4, words=[Word("Text", 4.0, 4.2), Word("4", 4.3, 4.5, 0.5)], speaker="Ada", confidence=0.9))
        await writer.flush(TIMEOUT_SECONDS)
    assert [ids for _, ids in told] == [["wrong"]]
    assert sorted(texts(api, meeting)) == ["s-0", "s-1", "s-2", "s-4"]


async def test_segments_of_a_meeting_that_is_not_there_are_refused_and_kept(server: RunningServer) -> None:
    async with AsyncClient(server.url, agents=[]) as client:
        writer = client.segments(UNKNOWN)
        written = writer.write(SegmentInput("Hello", 0.0, 1.0))
        assert written.external_id
        with pytest.raises(SegmentsRefused) as raised:
            await writer.close(TIMEOUT_SECONDS)
        ((error, segments),) = raised.value.refusals
        assert (error.code, list(segments)) == ("NOT_FOUND", [written])
        with pytest.raises(ClientClosed):
            writer.write(said(1))


async def test_closing_while_the_server_is_away_gives_back_what_is_not_written(network: Network) -> None:
    network.go_down()
    async with AsyncClient(network.url, agents=[]) as client:
        writer = client.segments(UNKNOWN)
        written = [writer.write(said(number)) for number in range(5)]
        with pytest.raises(NotWritten) as raised:
            await writer.close(0.1)
        assert list(raised.value.segments) == written


@pytest.mark.slow
async def test_a_body_that_is_too_large_is_sent_in_parts(database_url: str) -> None:
    with running_server(database_url, max_body=4_096) as server:
        meeting = server.api.meeting()
        async with AsyncClient(server.url, agents=[]) as client, client.segments(meeting["id"]) as writer:
            for number in range(60):
                writer.write(said(number, "x" * 200))
            await writer.flush(TIMEOUT_SECONDS)
            writer.write(said(60, "x" * 5_000))
            with pytest.raises(SegmentsRefused, match="too large"):
                await writer.flush(TIMEOUT_SECONDS)
        assert len(texts(server.api, meeting)) == 60


@pytest.mark.slow
async def test_a_key_that_is_not_valid_is_asked_for_again(guarded_server: GuardedServer) -> None:
    meeting = guarded_server.api.meeting()
    asked = iter(["rapporteur_revoked", guarded_server.keys[Scope.WRITE]])
    async with (
        AsyncClient(guarded_server.url, key=lambda: next(asked), agents=[]) as client,
        client.segments(meeting["id"]) as writer,
    ):
        writer.write(said(1))
        await writer.flush(TIMEOUT_SECONDS)
    assert texts(guarded_server.api, meeting) == {"s-1": "Text 1"}
    assert next(asked, None) is None


def test_threads_write_without_an_event_loop(api: Api, server: RunningServer) -> None:
    meeting = api.meeting()
    with Client(server.url, agents=[]) as client:
        with client.segments(meeting["id"]) as writer:
            written = writer.write(SegmentInput("Hello", 0.0, 1.0))
            writer.flush(TIMEOUT_SECONDS)
        assert texts(api, meeting) == {written.external_id: "Hello"}
        left_open = client.segments(meeting["id"])
        left_open.write(said(2))
    assert texts(api, meeting)["s-2"] == "Text 2"
    with pytest.raises(ClientClosed):
        left_open.write(said(3))


def test_a_segment_that_waits_is_sent_once_at_its_newest_and_in_its_place() -> None:
    queue = SegmentQueue(3)
    for segment in (said(1, "a", is_final=False), said(2), said(1, "ab"), said(1, "abc", is_final=False)):
        queue.put(segment)
    assert [segment.text for segment in queue.take(10)] == ["ab", "Text 2"]
    queue.put(said(3))
    assert not queue.is_settled(4)
    queue.settle()
    assert queue.is_settled(4)
    assert not queue.is_settled(queue.puts)
    assert queue.unsettled() == [said(3)]


def test_a_batch_in_flight_counts_as_queued() -> None:
    queue = SegmentQueue(2)
    queue.put(said(1))
    queue.put(said(2))
    queue.take(1)
    with pytest.raises(QueueFull):
        queue.put(said(3))
    queue.put(said(2, "Revised"))
    assert [segment.text for segment in queue.unsettled()] == ["Text 1", "Revised"]
