"""Reaches a server: by HTTP for requests, and says what to connect to for subscriptions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from rapporteur_client.consistency import CONSISTENCY_HEADER, ConsistencyTokens
from rapporteur_client.errors import ClientClosed, Refused, Unauthenticated, Unavailable
from rapporteur_client.keys import Key, KeySource

REQUEST_TIMEOUT_SECONDS = 40.0
"""The time for an answer; the server gives an operation 30 seconds."""
CONNECT_TIMEOUT_SECONDS = 20.0
"""The time for each step of connecting. A server that has just come back has thousands of clients to greet."""
PASSING_CODES = ("SERVICE_UNAVAILABLE", "RATE_LIMITED", "INTERNAL")
"""The codes of errors that another try may not meet."""
PASSING_STATUSES = (httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS)
PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
"""The `code` of Refused for a body that is too large, for which the server has none."""


class Server:
    """A server's addresses, and the key for it."""

    def __init__(self, url: str, key: Key = None, actor: str | None = None) -> None:
        """`url` may leave out the path `/graphql`. `actor` is the name in the history. Raises ValueError for no URL."""
        parsed = httpx.URL(url)
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise ValueError(f"{url!r} is not the URL of a server: say http://HOST:PORT")
        if parsed.path in ("", "/"):
            parsed = parsed.copy_with(path="/graphql")
        self.http_url = str(parsed)
        self.websocket_url = self.http_url.replace("http", "ws", 1)
        self.keys = KeySource(key)
        self.tokens = ConsistencyTokens()
        self._actor = {} if actor is None else {"Rapporteur-Actor": actor}
        self._http: httpx.AsyncClient | None = None
        self._is_closed = False

    def headers(self, key: str | None) -> dict[str, str]:
        """Returns the headers that say who is asking."""
        return self._actor | ({} if key is None else {"Authorization": f"Bearer {key}"})

    async def run(self, query: str, variables: Mapping[str, Any]) -> Any:
        """Returns the data of one request. Raises Unavailable, Refused or ClientClosed; it does not try again."""
        key = await self.keys.current()
        if self._is_closed:
            raise ClientClosed("the client is closed")
        if self._http is None:
            timeout = httpx.Timeout(REQUEST_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS)
            self._http = httpx.AsyncClient(timeout=timeout)
        content = encode_json({"query": query, "variables": variables})
        headers = {"Content-Type": "application/json", **self.headers(key)}
        given = self.tokens.places
        if given:
            headers[CONSISTENCY_HEADER] = str(self.tokens)
        try:
            response = await self._http.post(self.http_url, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise Unavailable(f"{self.http_url} does not answer: {error!r}") from error
        if token := response.headers.get(CONSISTENCY_HEADER):
            self.tokens.renew(given, token)
        try:
            return _data(response)
        except Unauthenticated:
            self.keys.reject(key)
            raise

    async def close(self) -> None:
        """Closes the connections for requests."""
        self._is_closed = True
        if self._http is not None:
            await self._http.aclose()


def encode_json(value: object) -> bytes:
    """Returns the JSON of a value. Raises Refused for what JSON cannot hold: NaN, and halves of characters."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise Refused(f"it cannot be sent as JSON: {error}", "BAD_USER_INPUT") from error


def _data(response: httpx.Response) -> Any:
    status = response.status_code
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        answer = {}
    errors = answer.get("errors")
    if status == httpx.codes.UNAUTHORIZED:
        raise Unauthenticated("the server does not know the key, or no longer")
    if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
        raise Refused("the request is too large for the server", PAYLOAD_TOO_LARGE)
    if status in PASSING_STATUSES or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise Unavailable(f"the server, or a proxy before it, answers HTTP {status}", _seconds(response.headers))
    if errors:
        raise error_of(errors)
    if status == httpx.codes.OK and isinstance(answer.get("data"), dict):
        return answer["data"]
    # A proxy that has no server now, or the wrong URL: only time can tell.
    raise Unavailable(f"what answers is no Rapporteur server (HTTP {status})")


def _seconds(headers: Mapping[str, str]) -> float:
    text = headers.get("retry-after", "")
    return float(text) if text.isdecimal() else 0.0


def error_of(errors: Any) -> Unavailable | Refused:
    """Returns the exception for the `errors` of a GraphQL answer."""
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    extensions = first.get("extensions") or {}
    code, message = str(extensions.get("code", "")), str(first.get("message", "the server answers with an error"))
    if code == "UNAUTHENTICATED":
        return Unauthenticated(message)
    if code in PASSING_CODES:
        return Unavailable(message, float(extensions.get("retryAfter") or 0.0))
    return Refused(message, code, [str(each.get("path")) for each in extensions.get("fields") or ()])
