"""`python -m bench.connection_memory`: how much memory of the server one client takes by each kind of thing that stays.

A server of its own for each kind; the figure is what its resident memory grows by, divided by the number of connections.
Then one key asks for answers of 40 MB on many connections, and reads none: what the memory grows by in whole.
"""

import argparse
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from bench.latency import INSERT_SEGMENTS, LONG_MEETING_SEGMENTS, LONG_TEXT
from domain.ids import DEFAULT_WORKSPACE_ID
from domain.principals import Scope
from server.operations.subscription_memory import MAX_VARIABLES_BYTES
from tests.harness.api_keys import create_api_key
from tests.harness.commands import serving
from tests.harness.databases import TestPostgres, postgres_directory, running_postgres
from tests.harness.servers import Api
from tests.harness.unread_connection import UnreadConnection
from tests.harness.websocket_client import WebSocketClient, websocket

SUBSCRIPTION = "subscription ($id: ID!%s) { segmentUpdates(meetingId: $id) { cursor %s segments { segmentId text } } }"
UNREAD_SECONDS = 20
"""The time for which the memory is watched while answers stay unread."""
MEETING_SELECTION = "meeting { title %s }"


def plain(socket: WebSocketClient, id: str, number: int) -> None:
    socket.run("0", "{ __typename }")


def usual(socket: WebSocketClient, id: str, number: int) -> None:
    _subscribe(socket, SUBSCRIPTION % ("", ""), id=id)


def undeclared(socket: WebSocketClient, id: str, number: int) -> None:
    _subscribe(socket, SUBSCRIPTION % ("", ""), id=id, unused=[{}] * 100_000)


def variables(socket: WebSocketClient, id: str, number: int) -> None:
    query = SUBSCRIPTION % (", $speaker: String", MEETING_SELECTION % "segments(speaker: $speaker) { nodes { text } }")
    socket.subscribe("1", query, id=id, speaker="x" * (MAX_VARIABLES_BYTES - 2_000))
    socket.receive()  # an error, as no speaker has such a name, and the stream stays open


def document(socket: WebSocketClient, id: str, number: int) -> None:
    aliases = " ".join(f"alias_{number + 10}_{n}_{'x' * 30}: title" for n in range(190))
    _subscribe(socket, SUBSCRIPTION % ("", MEETING_SELECTION % aliases), id=id)


def _subscribe(socket: WebSocketClient, query: str, **values: Any) -> None:
    socket.subscribe("1", query, **values)
    message = socket.receive()
    assert message["type"] == "next", message


KINDS: dict[str, tuple[Callable[[WebSocketClient, str, int], None], dict[str, Any]]] = {
    "a WebSocket": (plain, {}),
    "a WebSocket with headers of 60 KB": (plain, {"additional_headers": {f"x-{n}": "v" * 600 for n in range(100)}}),
    "with a subscription of the usual length": (usual, {}),
    "with undeclared variables of 100,000 objects": (undeclared, {}),
    "with variables of the largest size": (variables, {}),
    "with a document of its own of 9,000 characters": (document, {}),
}


UNREAD_QUERY = "query($id: ID!) { meeting(id: $id) { segments(first: 1000) { nodes { a: text b: text } } } }"


def over_http(connection: UnreadConnection, id: str) -> None:
    connection.send_post(UNREAD_QUERY, "application/json", id=id)


def over_events(connection: UnreadConnection, id: str) -> None:
    connection.send_post(UNREAD_QUERY, "text/event-stream", id=id)


def over_websocket(connection: UnreadConnection, id: str) -> None:
    connection.open_websocket()
    connection.subscribe(UNREAD_QUERY, id=id)


def unread_answers(
    postgres: TestPostgres, send: Callable[[UnreadConnection, str], None], count: int
) -> tuple[int, int]:
    """Returns how many bytes the server's memory grows by, and how much it is after the connections have ended."""
    with postgres.database() as url, serving(database_url=url, demo="false", auth="true") as server:
        token = create_api_key(url, Scope.WRITE)
        api = Api(server.url, token)
        id = api.meeting("Long texts")["id"]
        values = {"workspace": DEFAULT_WORKSPACE_ID, "meeting": id, "text": LONG_TEXT, "count": LONG_MEETING_SEGMENTS}
        postgres.run_in(url, INSERT_SEGMENTS.format(**values), f"UPDATE meetings SET change_seq = 1 WHERE id = '{id}'")
        process = psutil.Process(server.process.pid)
        before = most = process.memory_info().rss
        with ExitStack() as stack:
            for _ in range(count):
                send(stack.enter_context(UnreadConnection(server.url, token)), id)
            for _ in range(UNREAD_SECONDS * 10):
                time.sleep(0.1)
                most = max(most, process.memory_info().rss)
        time.sleep(1)
        api.http.close()
        return most - before, process.memory_info().rss - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=100, help="of each kind (default: 100)")
    count: int = parser.parse_args().connections
    table = Table("each connection", "KB", title=f"{count} connections")
    with postgres_directory() as directory, running_postgres(directory) as postgres:
        for name, (use, options) in KINDS.items():
            with postgres.database() as url, serving(database_url=url, demo="false", log_level="info") as server:
                id = server.api.meeting("Followed", segments=1)["id"]
                process = psutil.Process(server.process.pid)
                with ExitStack() as stack:
                    for number in range(-10, count):
                        if number == 0:
                            before = process.memory_info().rss
                        use(stack.enter_context(websocket(server.url, **options)), id, number)
                    table.add_row(name, f"{(process.memory_info().rss - before) / count / 1000:,.0f}")
        unread = Table(
            "unread answers", "MB at most", "MB afterwards", title=f"{count} answers of 40 MB that are not read"
        )
        for send in (over_http, over_events, over_websocket):
            grown = unread_answers(postgres, send, count)
            unread.add_row(send.__name__.replace("_", " "), *(f"{bytes_ / 1e6:,.0f}" for bytes_ in grown))
    Console().print(table, unread)


if __name__ == "__main__":
    main()
