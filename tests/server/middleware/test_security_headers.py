"""Checks the headers of every answer that tell browsers to do less with it."""

from typing import Any

import pytest

from tests.harness import http
from tests.harness.servers import RunningServer
from tests.harness.web_pages import HTML, PING, PREFLIGHT


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("POST", "/graphql", {"json": PING}, 200),
        ("POST", "/graphql", {"content": b"{"}, 415),
        ("GET", "/graphql", {"headers": HTML}, 200),
        ("GET", "/graphql", {"headers": {"Rapporteur-Preflight": "1"}, "params": PING}, 200),
        ("POST", "/graphql", {"json": PING, "headers": {"Accept": "text/event-stream"}}, 200),
        ("POST", "/graphql", {"json": PING, "headers": {"Host": "rebound.example"}}, 400),
        ("OPTIONS", "/graphql", {"headers": PREFLIGHT}, 405),
        ("GET", "/graphiql/main.js", {}, 200),
        ("GET", "/graphiql/operations.json", {}, 200),
        ("GET", "/healthz", {}, 200),
        ("GET", "/readyz", {}, 200),
        ("GET", "/", {}, 307),
        ("GET", "/console/meetings", {"headers": HTML}, 200),
        ("GET", "/nowhere", {}, 404),
    ],
)
def test_every_answer_tells_browsers_to_do_less_with_it(
    server: RunningServer, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    answer = http.request(method, f"{server.url}{path}", **options)
    assert answer.status_code == status
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    is_ours_to_keep = "graphiql" in path or options.get("headers") == HTML
    kept = "private, no-cache" if "ETag" in answer.headers and "params" in options else "no-cache"
    assert answer.headers["Cache-Control"] == (kept if is_ours_to_keep or "params" in options else "no-store")
    assert all(len(answer.headers.get_list(name)) == 1 for name in answer.headers)
