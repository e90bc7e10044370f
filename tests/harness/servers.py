"""The real server: uvicorn on a port of its own, in a thread of the test process so that its SQL can be recorded."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn

from db.database import Database
from server.app import create_app
from server.process.bootstrap import prepare
from server.process.listening import bind, listen
from server.process.uvicorn_server import configuration
from server.settings import Settings
from server.wire.graphql_files import operation
from tests.harness import http

SETTINGS_OF_THE_DATABASE = {"demo", "search_language", "workspace_id", "workspace_name"}


class Api:
    """A client: runs the documents of `graphql/operations/`, or any text."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.http = http.Client(base_url=url, headers=headers)

    def post(self, query: str, variables: dict[str, Any] | None = None, name: str | None = None) -> dict[str, Any]:
        """Posts an operation and returns the whole answer."""
        body = {"query": query, "variables": variables or {}, "operationName": name}
        response = self.http.post_json("/graphql", json.dumps(body).encode())
        assert response.status == 200, response.content
        answer: dict[str, Any] = json.loads(response.content)
        return answer

    def run(self, name: str, /, **variables: Any) -> Any:
        """Returns the value of the only field of an operation that must go through without `errors`."""
        answer = self.post(operation(name), variables, name)
        assert "errors" not in answer, answer
        (value,) = answer["data"].values()
        return value

    def expect_error(self, name: str, **variables: Any) -> dict[str, Any]:
        """Returns the first entry of `errors` of an operation that must not go through."""
        answer = self.post(operation(name), variables, name)
        error: dict[str, Any] = answer["errors"][0]
        return error

    def agent(self, name: str = "Agent", **config: Any) -> Any:
        """Creates an agent."""
        config = {"modelProvider": "openai", "modelName": "gpt"} | config
        return self.run("CreateAgent", input={"name": name, "config": config})

    def variant(self, agent: Any, name: str = "Variant", **overrides: Any) -> Any:
        """Creates a variant of an agent."""
        return self.run("CreateVariant", agentId=agent["id"], input={"name": name, "overrides": overrides})

    def meeting(self, title: str = "Meeting", segments: int = 0, **input: Any) -> Any:
        """Creates a meeting with some segments."""
        meeting = self.run("CreateMeeting", input={"title": title, **input})
        if segments:
            self.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(n) for n in range(1, segments + 1)])
        return meeting


def segment(number: int, **fields: Any) -> dict[str, Any]:
    """Returns the input of a segment."""
    return {
        "segmentId": number,
        "text": f"Text {number}",
        "speaker": f"Speaker {number % 3}",
        "startTime": number * 2.0,
        "endTime": number * 2.0 + 1.5,
    } | fields


class RunningServer:
    """A server that answers at `url`."""

    def __init__(self, url: str, database: Database) -> None:
        self.url = url
        self.database = database
        self.api = Api(url)


@contextmanager
def running_server(database_url: str, **settings: Any) -> Iterator[RunningServer]:
    """Serves a migrated database until the block is left. It sends no webhooks unless a setting asks for it.

    What `rapporteur serve` would do to the database first is done only where a setting asks for it.
    """
    with_defaults = Settings(**{"demo": False, "port": 0, "webhook_concurrency": 0} | settings)
    if settings.keys() & SETTINGS_OF_THE_DATABASE:
        asyncio.run(prepare(with_defaults, database_url, demo=with_defaults.demo))
    app = create_app(with_defaults, database_url)
    config = configuration(with_defaults, app)
    server = uvicorn.Server(config)
    socket = bind(with_defaults)
    listen(socket, with_defaults)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    running = RunningServer(f"http://127.0.0.1:{socket.getsockname()[1]}", app.state.database)
    try:
        running.api.http.get("/healthz").raise_for_status()
        yield running
    finally:
        app.state.stop()
        server.should_exit = True
        thread.join(20)
        running.api.http.close()
        socket.close()
        assert not thread.is_alive(), "the server did not stop"


@contextlib.contextmanager
def server_that_never_notifies(database_url: str) -> Iterator[Api]:
    """Runs another server on the same database, which dies each time between its commit and its NOTIFY."""
    with pytest.MonkeyPatch.context() as patch, running_server(database_url) as server:
        patch.setattr(server.database.notifier, "publish", lambda changes: None)
        yield server.api
