"""Checks that what clients/typescript has written is in what it reads, though the replica that would answer replays nothing."""

import pytest

from tests.harness.replicas import READ_TITLE, ask
from tests.harness.servers import RunningServer
from tests.harness.standby import ReplicationPair
from tests.harness.typescript_client import CommandFailed, TypeScriptClient
from tests.harness.waiting import eventually

pytestmark = pytest.mark.slow

MEETING_COUNT = 30


def set_title(client: TypeScriptClient, id: str, title: str) -> int:
    """Begins to set a title, and returns the command's id."""
    return client.start("request", "writer", "UpdateMeeting", {"id": id, "input": {"title": title}})


def title(client: TypeScriptClient, name: str, id: str) -> str:
    found: str = client.run("request", name, "Meeting", {"id": id})["meeting"]["title"]
    return found


def test_a_client_reads_what_it_wrote(
    client: TypeScriptClient, pair: ReplicationPair, servers: tuple[RunningServer, RunningServer]
) -> None:
    one, other = servers
    ids = [one.api.meeting("Old")["id"] for _ in range(MEETING_COUNT)]
    for server in servers:
        eventually(lambda: ask(server, READ_TITLE, id=ids[-1]).value is not None)  # noqa: B023
    client.run("open", "writer", {"url": one.url})
    client.run("open", "reader", {"url": other.url})
    assert client.run("consistency", "writer") is None
    with pair.paused():
        for command in [set_title(client, id, "New") for id in ids]:
            client.result(command)
        eventually(lambda: ask(other, READ_TITLE, id=ids[-1]).value == {"title": "Old"})  # who gives no token
        assert [title(client, "writer", id) for id in ids] == ["New"] * MEETING_COUNT
        client.run("readAfter", "reader", client.run("consistency", "writer"))
        assert title(client, "reader", ids[-1]) == "New"
        client.run("segments", "writer", "segments", ids[0], {})
        client.run("write", "segments", [{"text": "Hello", "startTime": 0, "endTime": 1}])
        client.run("flush", "segments")
        assert client.run("request", "writer", "Meeting", {"id": ids[0]})["meeting"]["segmentCount"] == 1


def test_tokens_are_kept_as_the_python_library_keeps_them(client: TypeScriptClient, server: RunningServer) -> None:
    client.run("open", "writer", {"url": server.url})
    for wrong in ("", "x", "1-1-g", "primary,"):
        with pytest.raises(CommandFailed, match="consistency"):
            client.run("readAfter", "writer", wrong)
    assert client.run("consistency", "writer") is None
    client.run("readAfter", "writer", "a-1-ffffffffffffffff, a-1-10, b-7-fff")
    assert client.run("consistency", "writer") == "a-1-ffffffffffffffff,b-7-fff"
    client.run("readAfter", "writer", "primary")
    assert client.run("consistency", "writer") == "primary"
    client.result(set_title(client, server.api.meeting("Old")["id"], "New"))
    (token,) = client.run("consistency", "writer").split(",")
    assert token != "primary"
