"""A small client of our own API, for the commands that work on a running server."""

from collections.abc import Iterator
from getpass import getuser
from typing import Any, Self

import httpx
import orjson

from server.actors import HEADER
from server.operations import operation


class ApiError(Exception):
    """The server refused, or did not answer; the message is for a person."""


class ApiClient:
    """Runs the documents of `graphql/operations/` on the server at `url` (the path may be left out: `/graphql`)."""

    def __init__(self, url: str, timeout: float = 60.0) -> None:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise ApiError(f"{url!r} is not a URL: {error}") from error
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise ApiError(f"{url!r} is not the URL of a server: say http://HOST:PORT")
        self.url = str(parsed.copy_with(path="/graphql") if parsed.path in ("", "/") else parsed)
        self._http = httpx.Client(timeout=timeout, headers=[(HEADER.encode(), _user())])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def run(self, name: str, **variables: Any) -> Any:
        """Run the operation `name` and give its only field's value. Raises ApiError for errors of every kind."""
        try:
            response = self._http.post(self.url, json=_body(name, variables))
            answer = response.json()
        except httpx.TransportError as error:
            raise self._silent(error) from error
        except ValueError as error:
            raise self._stranger(response) from error
        if not isinstance(answer, dict) or not (answer.get("data") or answer.get("errors")):
            raise self._stranger(response)
        return _value(answer)

    def events(self, name: str, **variables: Any) -> Iterator[Any]:
        """Run a subscription and give its only field's value each time, until it completes. Raises ApiError."""
        timeout = httpx.Timeout(60, read=None)
        headers = {"Accept": "text/event-stream"}
        try:
            with self._http.stream(
                "POST", self.url, json=_body(name, variables), headers=headers, timeout=timeout
            ) as response:
                if not response.headers.get("content-type", "").startswith("text/event-stream"):
                    raise self._stranger(response)
                kind = ""
                for line in response.iter_lines():
                    field, _, content = line.partition(":")
                    if field == "event":
                        kind = content.strip()
                    if kind == "complete":
                        return
                    if field == "data" and kind == "next":
                        yield _value(orjson.loads(content))
        except httpx.TransportError as error:
            raise self._silent(error) from error

    def _silent(self, error: Exception) -> ApiError:
        return ApiError(f"no server answers at {self.url} ({error}); start one with: rapporteur serve")

    def _stranger(self, response: httpx.Response) -> ApiError:
        return ApiError(f"what answers at {self.url} is no Rapporteur server (HTTP {response.status_code})")


def _user() -> bytes:
    """Who runs the command, for the history."""
    try:
        return getuser().strip().encode() or b"command line"
    except (OSError, KeyError):  # a container's user may have no name
        return b"command line"


def _body(name: str, variables: dict[str, Any]) -> dict[str, Any]:
    return {"query": operation(name), "operationName": name, "variables": variables}


def _value(answer: dict[str, Any]) -> Any:
    if errors := answer.get("errors"):
        raise ApiError("; ".join(error["message"] for error in errors))
    (result,) = answer["data"].values()
    if isinstance(result, dict) and result.get("code") and result.get("message"):
        raise ApiError(result["message"])
    return result
