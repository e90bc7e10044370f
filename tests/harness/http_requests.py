"""Sends raw HTTP requests to the endpoint."""

from typing import Any

import httpx

from tests.harness import http
from tests.harness.servers import RunningServer

PING = '{"query": "{ meetingCount }"}'
RESPONSE = "application/graphql-response+json"


def post(server: RunningServer, content: bytes | str, content_type: str = "application/json") -> httpx.Response:
    return http.post(f"{server.url}/graphql", content=content, headers={"content-type": content_type})


def ask(server: RunningServer, accept: str, query: str, **parameters: Any) -> httpx.Response:
    return http.post(f"{server.url}/graphql", json={"query": query, **parameters}, headers={"accept": accept})
