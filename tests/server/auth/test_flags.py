"""Keys for OFREP: as for the same question in GraphQL."""

import httpx
import pytest

from domain.principals import Scope
from tests.harness import http
from tests.harness.api_keys import create_api_key
from tests.harness.servers import Api, RunningServer, running_server


def evaluate(server: RunningServer, token: str | None, path: str = "") -> httpx.Response:
    headers = {"Content-Type": "application/json"} | ({} if token is None else {"Authorization": f"Bearer {token}"})
    return http.request("POST", f"{server.url}/ofrep/v1/evaluate/flags{path}", content=b"{}", headers=headers)


@pytest.mark.parametrize("path", ["", "/flagged"])
def test_flags_are_evaluated_for_keys_that_may_read_agents(server: RunningServer, admin: Api, path: str) -> None:
    if path:
        path = f"/{admin.agent('Flagged')['slug']}"
    for token in (None, "rapporteur_nonsense", "x" * 9_000):
        answer = evaluate(server, token, path)
        assert (answer.status_code, answer.json()["errorCode"]) == (401, "GENERAL")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    bot, reader = (
        admin.run("CreateApiKey", input={"name": f"{scope} {path}", "scopes": [scope]})["token"]
        for scope in ("INGEST", "READ")
    )
    refused = evaluate(server, bot, path)
    assert (refused.status_code, refused.json()["errorCode"]) == (403, "GENERAL")
    assert "etag" not in refused.headers
    assert evaluate(server, reader, path).status_code == 200


def test_a_key_that_asks_too_often_is_told_when_to_ask_again(database_url: str) -> None:
    with running_server(database_url, auth=True, rate_requests=1) as server:
        token = create_api_key(database_url, Scope.READ)
        assert evaluate(server, token).status_code == 200
        answer = evaluate(server, token)
        assert (answer.status_code, answer.json()["errorCode"]) == (429, "GENERAL")
        assert int(answer.headers["retry-after"]) >= 1
        assert "ratelimit" in answer.headers
