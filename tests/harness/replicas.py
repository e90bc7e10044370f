"""Servers that read from a standby, and requests with consistency tokens."""

import json
from typing import Any, NamedTuple

from db.replicas import ReadOutcome, ReplicaStatus
from tests.harness.servers import RunningServer
from tests.harness.waiting import eventually

READ_TITLE = "query ($id: ID!) { meeting(id: $id) { title } }"
SET_TITLE = """
mutation ($id: ID!, $title: String!) {
  updateMeeting(id: $id, input: { title: $title }) { __typename ... on Meeting { title } }
}
"""


class Answer(NamedTuple):
    """An answer over HTTP."""

    body: dict[str, Any]
    header: str | None
    """The header Rapporteur-Consistency."""

    @property
    def token(self) -> str | None:
        token: str | None = self.body.get("extensions", {}).get("consistency")
        return token

    @property
    def value(self) -> Any:
        """The value of the only field."""
        assert "errors" not in self.body, self.body
        (value,) = self.body["data"].values()
        return value


def ask(server: RunningServer, query: str, token: object = None, header: str | None = None, **variables: Any) -> Answer:
    """Posts an operation with a token in the body or in the header, or without one."""
    body = {"query": query, "variables": variables} | ({} if token is None else {"extensions": {"consistency": token}})
    headers = {} if header is None else {"Rapporteur-Consistency": header}
    response = server.api.http.post_json("/graphql", json.dumps(body).encode(), **headers)
    return Answer(json.loads(response.content), response.headers.get("rapporteur-consistency"))


def status(server: RunningServer) -> ReplicaStatus:
    """Returns the status of the server's only replica."""
    assert server.database.replicas is not None
    (replica,) = server.database.replicas.all
    return replica.status


def until(server: RunningServer, wanted: ReplicaStatus) -> None:
    eventually(lambda: status(server) is wanted)


def outcomes(server: RunningServer) -> dict[ReadOutcome, int]:
    """Counts the reads of the server that ended in each way."""
    assert server.database.replicas is not None
    return dict(server.database.replicas.outcomes)


def never_behind(server: RunningServer) -> None:
    """Keeps the replica in use also while it replays nothing: no test takes so long."""
    assert server.database.replicas is not None
    server.database.replicas.log.max_lag = 3600
