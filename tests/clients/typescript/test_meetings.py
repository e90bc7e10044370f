"""clients/typescript writes segments and follows meetings, through every loss of the connection."""

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.client_processes import TcpProxy
from tests.harness.servers import Api, RunningServer, segment
from tests.harness.typescript_client import CommandFailed, TypeScriptClient

pytestmark = pytest.mark.slow


@pytest.fixture
def wire(server: RunningServer) -> Iterator[TcpProxy]:
    with contextlib.closing(TcpProxy(server.url)) as proxy:
        yield proxy


def unnumbered(text: str, **fields: Any) -> dict[str, Any]:
    return {"text": text, "speaker": "Mara", "startTime": 0, "endTime": 1} | fields


def texts_of(api: Api, meeting: Any) -> list[str]:
    edges = api.run("Transcript", id=meeting["id"], first=1000)["segments"]["edges"]
    return [edge["node"]["text"] for edge in edges]


def numbers(update: Any) -> list[int]:
    return [each["segmentId"] for each in update["segments"]]


def test_a_meeting_is_followed_from_its_cursor_and_not_from_the_start(
    client: TypeScriptClient, server: RunningServer, wire: TcpProxy
) -> None:
    meeting = server.api.meeting(segments=2)
    client.run("open", "client", {"url": f"http://{wire.address}"})
    client.run("follow", "client", "meeting", meeting["id"], {})
    client.wait_for(lambda message: "update" in message and numbers(message["update"]) == [1, 2])
    for number in (3, 4):
        wire.cut()
        server.api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(number)])
        client.wait_for(lambda message: "update" in message and numbers(message["update"]) == [number])  # noqa: B023
    server.api.run("DeleteSegments", meetingId=meeting["id"], segmentIds=[1])
    client.wait_for(lambda message: "update" in message and message["update"]["deletedSegmentIds"] == [1])
    server.api.run("DeleteMeeting", id=meeting["id"])
    client.wait_for(lambda message: message == {"followed": "meeting", "end": None})
    updates = [message["update"] for message in client.said(followed="meeting") if "update" in message]
    assert [number for update in updates for number in numbers(update)] == [1, 2, 3, 4]


def test_a_meeting_is_followed_from_a_cursor_that_was_kept(client: TypeScriptClient, server: RunningServer) -> None:
    meeting = server.api.meeting(segments=1)
    cursor = server.api.run("Meeting", id=meeting["id"])["updatesCursor"]
    server.api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(2), segment(3)])
    client.run("open", "client", {"url": server.url})
    client.run("follow", "client", "meeting", meeting["id"], {"after": cursor, "batchSize": 1})
    for number in (2, 3):
        client.wait_for(lambda message: "update" in message and numbers(message["update"]) == [number])  # noqa: B023
    client.run("close", "client")
    client.wait_for(lambda message: message == {"followed": "meeting", "end": None})
    assert not any(numbers(each["update"]) == [1] for each in client.said(followed="meeting") if "update" in each)


def test_many_meetings_are_followed_at_once(client: TypeScriptClient, server: RunningServer) -> None:
    meetings = [server.api.meeting(segments=1) for _ in range(12)]
    client.run("open", "client", {"url": server.url})
    for meeting in meetings:
        client.run("follow", "client", meeting["id"], meeting["id"], {})
        client.run("segments", "client", meeting["id"], meeting["id"], {})
        client.run("write", meeting["id"], [segment(2)])
    for meeting in meetings:
        client.wait_for(lambda message: message.get("followed") == meeting["id"] and 2 in numbers(message["update"]))  # noqa: B023
    client.run("close", "client")
    for meeting in meetings:
        client.wait_for(lambda message: message == {"followed": meeting["id"], "end": None})  # noqa: B023


def test_a_meeting_that_is_not_there_is_an_error(client: TypeScriptClient, server: RunningServer) -> None:
    client.run("open", "client", {"url": server.url})
    client.run("follow", "client", "meeting", "nonsense", {})
    end = client.wait_for(lambda message: "end" in message)["end"]
    assert end["name"] == "Refused"
    assert "meetingId" in end["message"]


def test_a_silent_connection_counts_as_lost(client: TypeScriptClient, server: RunningServer) -> None:
    """The server of the tests says nothing for 30 seconds if there is nothing to say."""
    meeting = server.api.meeting(segments=1)
    client.run("open", "client", {"url": server.url, "silenceTimeoutMs": 500})
    client.run("follow", "client", "meeting", meeting["id"], {})
    client.wait_for(lambda message: "no sign of life" in message.get("problem", ""))
    server.api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(2)])
    client.wait_for(lambda message: "update" in message and numbers(message["update"]) == [2])


def test_segments_are_written_once_through_losses_of_the_connection(
    client: TypeScriptClient, server: RunningServer, wire: TcpProxy
) -> None:
    meeting = server.api.meeting()
    client.run("open", "client", {"url": f"http://{wire.address}"})
    client.run("segments", "client", "writer", meeting["id"], {})
    for round_ in range(3):
        client.run("write", "writer", [unnumbered(f"Text {round_} {number}") for number in range(300)])
        flush = client.start("flush", "writer", 30_000)
        wire.cut()
        client.result(flush)
    assert sorted(texts_of(server.api, meeting)) == sorted(f"Text {r} {n}" for r in range(3) for n in range(300))


def test_a_revision_replaces_what_waits_and_a_hypothesis_replaces_no_final(
    client: TypeScriptClient, server: RunningServer
) -> None:
    meeting = server.api.meeting()
    client.run("open", "client", {"url": server.url})
    client.run("segments", "client", "writer", meeting["id"], {"maxQueued": 2})
    said = [unnumbered(text, externalId="a", isFinal=text == "Hello there") for text in ("Hell", "Hello there", "He")]
    written = client.run("write", "writer", [*said, unnumbered("Bye", segmentId=7)])
    assert [each.get("externalId") for each in written] == ["a", "a", "a", None]
    client.run("flush", "writer")
    assert sorted(texts_of(server.api, meeting)) == ["Bye", "Hello there"]


def test_only_what_is_wrong_is_refused(client: TypeScriptClient, server: RunningServer) -> None:
    meeting = server.api.meeting()
    client.run("open", "client", {"url": server.url})
    client.run("segments", "client", "writer", meeting["id"], {})
    wrong = [unnumbered(""), unnumbered("No time", startTime=None), unnumbered("Ends early", startTime=9)]
    good = [unnumbered(f"Text {number}") for number in range(4)]
    client.run("write", "writer", [good[0], wrong[0], good[1], wrong[1], good[2], wrong[2], good[3]])
    with pytest.raises(CommandFailed) as failed:
        client.run("flush", "writer")
    assert failed.value.name == "SegmentsRefused"
    assert sorted(failed.value.texts or []) == sorted(each["text"] for each in wrong)
    assert sorted(texts_of(server.api, meeting)) == sorted(each["text"] for each in good)
    client.run("write", "writer", [unnumbered("Goes on")])
    client.run("flush", "writer")


def test_a_server_that_is_away_fills_the_queue_and_harms_nothing(client: TypeScriptClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes connections, and never answers
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client.run("open", "client", {"url": url, "requestTimeoutMs": 50})
        client.run("segments", "client", "writer", "a meeting", {"maxQueued": 2})
        client.run("write", "writer", [unnumbered("First"), unnumbered("Second")])
        with pytest.raises(CommandFailed) as failed:
            client.run("write", "writer", [unnumbered("Third")])
        assert failed.value.name == "QueueFull"
        with pytest.raises(CommandFailed) as failed:
            client.run("flush", "writer", 200)
        assert (failed.value.name, failed.value.texts) == ("NotWritten", ["First", "Second"])
        client.wait_for(lambda message: "did not answer in time" in message.get("problem", ""))
        client.run("close", "client", 0)
        with pytest.raises(CommandFailed) as failed:
            client.run("write", "writer", [unnumbered("Late")])
        assert failed.value.name == "ClientClosed"
