"""A text that is no name is refused as one, without being quoted."""

import pytest

from tests.harness import http
from tests.harness.http_requests import RESPONSE
from tests.harness.servers import RunningServer

HOSTILE = ["\x1b[2J", "a b", "", "9", "näme", "a\n", "x" * 201, "x" * 1_000_000]
QUERY = "query Count { meetingCount }"


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: repr(name[:10]))
@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), (RESPONSE, 400)])
def test_a_text_that_is_no_name_is_refused(server: RunningServer, name: str, accept: str, status: int) -> None:
    body = {"query": QUERY, "operationName": name}
    answer = http.post(f"{server.url}/graphql", json=body, headers={"Accept": accept})
    assert answer.status_code == status
    assert "data" not in answer.json()
    assert len(answer.content) < 500
    assert "must be a name" in answer.json()["errors"][0]["message"]


def test_the_longest_name_is_taken(server: RunningServer) -> None:
    name = "x" * 200
    answer = http.post(
        f"{server.url}/graphql", json={"query": f"query {name} {{ meetingCount }}", "operationName": name}
    )
    assert "errors" not in answer.json()
