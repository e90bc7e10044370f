"""Checks unexpected errors: the client gets only an id, and the log has the id and the details."""

import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import ProgrammingError

from db.agents import AgentRepository
from db.meetings import MeetingRepository
from domain.agents import Agent
from tests.harness import http
from tests.harness.servers import Api

SECRET = "postgresql://user:secret@host/database"
UNKNOWN = "01900000-0000-7000-8000-00000000dead"


def failing(error: Exception) -> Callable[..., Any]:
    async def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


def logged(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Returns the log records about failures: those of `rapporteur.errors`, and errors of any logger."""
    return [
        record for record in caplog.records if record.name == "rapporteur.errors" or record.levelno >= logging.ERROR
    ]


def ask(api: Api, query: str, **variables: Any) -> Any:
    """The answer, in which the secret must not stand."""
    response = api.http.post("/graphql", json={"query": query, "variables": variables})
    assert response.status_code == 200
    assert "secret" not in response.text
    return response.json()


def assert_internal(error: Any, caplog: pytest.LogCaptureFixture) -> None:
    """An entry of `errors` that says nothing, and a record of the log under the same id that says all."""
    assert error["message"] == "Internal error"
    assert error["extensions"].keys() == {"code", "id"}
    assert error["extensions"]["code"] == "INTERNAL"
    id = error["extensions"]["id"]
    assert str(UUID(id)) == id
    (record,) = (record for record in logged(caplog) if id in record.getMessage())
    assert record.name == "rapporteur.errors"
    assert record.levelno == logging.ERROR
    assert "secret" in caplog.handler.format(record)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(SECRET),
        ValueError(SECRET),
        KeyError(SECRET),
        ProgrammingError("SELECT secret", {"password": "secret"}, Exception(SECRET)),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize(
    ("repository", "method", "query"),
    [
        (AgentRepository, "by_ids", "query ($id: ID!) { agent(id: $id) { id } }"),
        (AgentRepository, "page", "{ agents { nodes { id } } }"),
        (AgentRepository, "count", "{ agents { totalCount } }"),
        (AgentRepository, "get_for_update", "mutation ($id: ID!) { updateAgent(id: $id, input: {}) { __typename } }"),
        (MeetingRepository, "create", 'mutation { createMeeting(input: {title: "New"}) { __typename } }'),
    ],
    ids=["by a loader", "in a list", "in its count", "in a unit of work", "in a new one"],
)
def test_an_unexpected_exception_is_masked_and_logged_under_an_id(
    api: Api,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    repository: type,
    method: str,
    query: str,
    error: Exception,
) -> None:
    monkeypatch.setattr(repository, method, failing(error))
    answer = ask(api, query, id=UNKNOWN)
    (only,) = answer["errors"]
    assert_internal(only, caplog)
    assert only["path"]
    assert len(logged(caplog)) == 1


def test_each_failure_has_an_id_of_its_own_and_the_rest_is_answered(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    meeting = api.meeting(agentId=api.agent()["id"])
    monkeypatch.setattr(AgentRepository, "by_ids", failing(RuntimeError(SECRET)))
    query = "query ($id: ID!) { meeting(id: $id) { title agent { id } } agent(id: $id) { id } }"
    answer = ask(api, query, id=meeting["id"])
    assert answer["data"] == {"meeting": {"title": "Meeting", "agent": None}, "agent": None}
    assert sorted(error["path"] for error in answer["errors"]) == [["agent"], ["meeting", "agent"]]
    for error in answer["errors"]:
        assert_internal(error, caplog)
    assert len({error["extensions"]["id"] for error in answer["errors"]}) == 2


@pytest.mark.slow
def test_the_server_goes_on(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = api.agent()
    with monkeypatch.context() as broken:
        broken.setattr(AgentRepository, "get_for_delete", failing(RuntimeError(SECRET)))
        for _ in range(30):  # more than there are connections: each was given back
            assert "errors" in ask(api, "mutation ($id: ID!) { deleteAgent(id: $id) { __typename } }", id=agent["id"])
    assert api.run("DeleteAgent", id=agent["id"]) == {"__typename": "Deleted", "id": agent["id"]}


@pytest.mark.parametrize("value", [None, SECRET, object()], ids=["null", "a text", "an object"])
def test_a_value_that_is_none_of_its_type_is_the_servers_fault(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, value: Any
) -> None:
    agent = api.agent()
    by_ids = AgentRepository.by_ids

    async def wrong(self: AgentRepository, ids: Any) -> dict[Any, Agent]:
        found = await by_ids(self, ids)
        for each in found.values():
            each.version = value
        return found

    monkeypatch.setattr(AgentRepository, "by_ids", wrong)
    answer = ask(api, "query ($id: ID!) { agent(id: $id) { version } }", id=agent["id"])
    (error,) = answer["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("Internal error", "INTERNAL")
    assert len(logged(caplog)) == 1


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{", {}),
        ("{ nothing }", {}),
        ("{ agent(id: 3.5) { id } }", {}),
        ("query ($id: ID!) { agent(id: $id) { id } }", {}),
        ("query ($id: ID!) { agent(id: $id) { id } }", {"id": "x"}),
        ("query ($id: ID!) { agent(id: $id) { id } }", {"id": UNKNOWN}),
        ("query A { meetingCount } query B { meetingCount }", {}),
        ("{ agents(first: 1000) { totalCount } }", {}),
        ('mutation { createMeeting(input: {title: ""}) { __typename } }', {}),
        ("mutation ($id: ID!) { deleteAgent(id: $id) { __typename } }", {"id": UNKNOWN}),
    ],
)
def test_the_clients_errors_are_not_logged(
    api: Api, caplog: pytest.LogCaptureFixture, query: str, variables: dict[str, Any]
) -> None:
    ask(api, query, **variables)
    assert logged(caplog) == []
    assert not [record for record in caplog.records if record.name.startswith("strawberry")]


@pytest.mark.parametrize(
    ("method", "path", "function"),
    [
        ("GET", "/readyz", "server.http.health.usable_revision"),
        ("POST", "/graphql", "server.auth.authenticator.OpenAccess.principal"),
    ],
)
def test_outside_of_graphql_too_the_client_learns_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch, method: str, path: str, function: str
) -> None:
    monkeypatch.setattr(function, failing(RuntimeError(SECRET)))
    response = http.request(
        method, f"{api.url}{path}", json={"query": "{ __typename }"}
    )  # its own connection: a 500 ends it
    assert response.status_code == 500
    assert "secret" not in response.text
    if path == "/graphql":
        assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
        assert response.headers["x-content-type-options"] == "nosniff"
