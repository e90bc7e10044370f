"""Checks who is named in the history as the actor, by header and by WebSocket."""

import json
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from server.wire.graphql_files import operation
from tests.harness.history_calls import (
    agent_history,
    event_kinds,
)
from tests.harness.servers import Api
from tests.harness.waiting import TIMEOUT_SECONDS
from tests.harness.websocket_client import PROTOCOL, WebSocketClient, websocket

BAD_ACTORS = [
    ("x" * 201, "must have at most 200 characters, has 201"),
    (" ", "must not be empty or only white space"),
    ("", "must not be empty or only white space"),
]


class TestActors:
    def update(self, api: Api, agent: Any, actor: bytes, accept: str = "application/json") -> tuple[int, str]:
        """Status and body. Unlike other clients, this one sends any bytes in a header."""
        variables = {"id": agent["id"], "input": {"name": "By somebody"}}
        body = json.dumps({"query": operation("UpdateAgent"), "variables": variables})
        with closing(HTTPConnection(urlsplit(api.url).netloc, timeout=TIMEOUT_SECONDS)) as connection:
            connection.putrequest("POST", "/graphql")
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(len(body)))
            connection.putheader("Accept", accept)
            connection.putheader("Rapporteur-Actor", actor)
            connection.endheaders(body.encode())
            response = connection.getresponse()
            return response.status, response.read().decode()

    @pytest.mark.slow
    @pytest.mark.parametrize("actor", ["ada@example.org", "Zoë", "議事録 🤖", "x" * 200, quote("a b"), " ada\t"])
    def test_the_header_names_the_actor(self, api: Api, actor: str) -> None:
        agent = api.agent()
        assert self.update(api, agent, actor.encode())[0] == 200
        assert [event["actor"] for event in agent_history(api, agent)] == [actor.strip(), "anonymous"]

    def test_it_does_so_in_an_event_stream_too(self, api: Api) -> None:
        agent = api.agent()
        assert self.update(api, agent, "Zoë".encode(), "text/event-stream")[0] == 200
        assert agent_history(api, agent)[0]["actor"] == "Zoë"
        status, body = self.update(api, agent, b"x" * 201, "text/event-stream")
        assert (status, "rapporteur-actor: must have at most 200" in body) == (400, True)

    def test_a_header_that_is_not_utf_8_is_read_as_latin_1(self, api: Api) -> None:
        agent = api.agent()
        assert self.update(api, agent, "Zoë".encode("latin-1"))[0] == 200
        assert agent_history(api, agent)[0]["actor"] == "Zoë"

    def test_an_empty_header_names_nobody(self, api: Api) -> None:
        """Checks the empty header that some proxies send."""
        agent = api.agent()
        assert self.update(api, agent, b" ")[0] == 200
        assert agent_history(api, agent)[0]["actor"] == "anonymous"

    @pytest.mark.parametrize(("actor", "message"), [bad for bad in BAD_ACTORS if bad[0].strip()])
    def test_a_bad_header_is_refused_by_name(self, api: Api, actor: str, message: str) -> None:
        agent = api.agent()
        status, body = self.update(api, agent, actor.encode())
        assert status == 400
        assert f"rapporteur-actor: {message}" in body
        assert event_kinds(agent_history(api, agent)) == ["CREATED"]

    def test_a_header_with_a_nul_changes_nothing(self, api: Api) -> None:
        agent = api.agent()
        assert self.update(api, agent, b"a\0b")[0] == 400
        assert event_kinds(agent_history(api, agent)) == ["CREATED"]

    def test_the_payload_of_a_websocket_names_the_actor(self, api: Api) -> None:
        agent = api.agent()
        with websocket(api.url, initialise=False) as socket:
            socket.send("connection_init", payload={"actor": "Zoë"})
            assert socket.receive() == {"type": "connection_ack"}
            self.rename(socket, agent, "1")
            self.rename(socket, agent, "2")
        assert [event["actor"] for event in agent_history(api, agent)] == ["Zoë", "Zoë", "anonymous"]

    def rename(self, socket: WebSocketClient, agent: Any, id: str) -> None:
        variables = {"id": agent["id"], "input": {"name": f"Name {id}"}}
        socket.run(id, operation("UpdateAgent"), "UpdateAgent", **variables)

    @pytest.mark.parametrize("payload", [None, {}, {"actor": None}])
    def test_the_header_of_a_websocket_counts_where_the_payload_names_none(self, api: Api, payload: Any) -> None:
        agent = api.agent()
        headers = {"Rapporteur-Actor": "ada"}
        with websocket(api.url, initialise=False, additional_headers=headers) as socket:
            socket.send("connection_init", **({} if payload is None else {"payload": payload}))
            assert socket.receive() == {"type": "connection_ack"}
            self.rename(socket, agent, "1")
        assert agent_history(api, agent)[0]["actor"] == "ada"

    def test_the_payload_of_a_websocket_goes_before_its_header(self, api: Api) -> None:
        agent = api.agent()
        headers = {"Rapporteur-Actor": "ada"}
        with websocket(api.url, initialise=False, additional_headers=headers) as socket:
            socket.send("connection_init", payload={"actor": "grace"})
            assert socket.receive() == {"type": "connection_ack"}
            self.rename(socket, agent, "1")
        assert agent_history(api, agent)[0]["actor"] == "grace"

    @pytest.mark.parametrize(
        ("actor", "message"),
        [*BAD_ACTORS, (7, "must be a text"), ("a\0b", "must not contain the NUL character"), (["a"], "must be a text")],
    )
    def test_a_bad_payload_closes_the_websocket(self, api: Api, actor: Any, message: str) -> None:
        with websocket(api.url, initialise=False, subprotocols=(PROTOCOL,)) as socket:
            socket.send("connection_init", payload={"actor": actor})
            assert socket.expect_close() == (4400, f"actor: {message}")
