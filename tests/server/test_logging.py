"""Checks that no secret is in the log at the level debug."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.harness import http
from tests.harness.commands import run, serving

pytestmark = pytest.mark.slow

PASSWORD = "database-secret"
WRONG = "rapporteur_wrong-secret"
VALUE = "variable-secret"
CREATE = "mutation Make($title: String!) { createMeeting(input: {title: $title}) { __typename } }"


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def talk(url: str, messages: list[dict[str, Any]], headers: dict[str, str]) -> None:
    """Send the messages over a WebSocket, and read what comes until the operation is over or the server closes."""
    socket_url = url.replace("http", "ws", 1)
    with connect(socket_url, subprotocols=[Subprotocol("graphql-transport-ws")], additional_headers=headers) as socket:
        try:
            for message in messages:
                socket.send(json.dumps(message))
            while json.loads(socket.recv(timeout=10))["type"] not in ("complete", "error"):
                pass
        except ConnectionClosed:
            pass


@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_secret_is_logged(database_url: str, workers: str) -> None:
    url = make_url(database_url).set(username="postgres", password=PASSWORD).render_as_string(hide_password=False)
    token = run("keys", "create", "Ada", "--scope", "admin", database_url=url).stdout.strip()
    # No constraint of ours, so that an insert of the value is an error nobody has foreseen.
    asyncio.run(execute(database_url, f"ALTER TABLE meetings ADD CHECK (title <> '{VALUE}')"))

    with serving(database_url=url, log_level="debug", workers=workers) as server:
        graphql = f"{server.url}/graphql"
        body = {"query": CREATE, "variables": {"title": VALUE}}
        for given in (token, WRONG):
            bearer = {"Authorization": f"Bearer {given}"}
            in_url = {"access_token": given, "query": "{ __typename }", "variables": json.dumps({"a": given})}
            http.get(graphql, params=in_url, headers=bearer | {"Rapporteur-Preflight": given})
            http.get(f"{server.url}/nowhere", params=in_url, headers={"Cookie": given, "Host": f"{VALUE}:1"})
            http.post(graphql, content=f'{{"query": "{VALUE}', headers=bearer)
            answer = http.post(graphql, json=body, headers=bearer).json()
            assert answer["errors"][0]["extensions"]["code"] == ("INTERNAL" if given == token else "UNAUTHENTICATED")
            http.post(graphql, json={"query": "{", "variables": {"a": VALUE}}, headers=bearer)
            http.post(graphql, json=body, headers=bearer | {"Accept": "text/event-stream"})
            for init, headers in (({"Authorization": bearer["Authorization"]}, {}), ({}, bearer)):
                subscribe = {"id": "1", "type": "subscribe", "payload": body}
                talk(f"{graphql}?token={given}", [{"type": "connection_init", "payload": init}, subscribe], headers)
        assert server.stop() == 0
    log = "".join(server.log)
    assert "violates check constraint" in log  # it does say what is wrong
    assert "POST /graphql" in log
    assert {secret for secret in (PASSWORD, token, token[-20:], WRONG, VALUE) if secret in log} == set()


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ada:{PASSWORD}@127.0.0.1:1/none",
        f"postgresql://ada:{PASSWORD}@nowhere.invalid/none",
        f"postgresql://ada:{PASSWORD}@127.0.0.1:port/none",
        f"postgresql://ada:{PASSWORD}/more@127.0.0.1:1/none",
        f"postgresql://ada:more@{PASSWORD}@127.0.0.1:1/none",
        f"postgresql://ada:more?{PASSWORD}@127.0.0.1:1/none",
        f"postgresql://ada:more#{PASSWORD}@127.0.0.1:1/none",
        f"postgresql://ada:{PASSWORD}@127.0.0.1:1/none?sslmode=wrong",
        f"mysql://ada:{PASSWORD}@127.0.0.1:1/none",
        f"ada:{PASSWORD}",
    ],
)
def test_a_database_that_is_not_there_is_told_without_its_password(url: str) -> None:
    ended = run("serve", "--port", "0", database_url=url, log_level="debug")
    assert ended.returncode != 0
    assert ended.stderr
    assert PASSWORD not in ended.stdout + ended.stderr
