"""A small client of our own API, for the commands that work on a running server."""

from typing import Any, Self

import httpx

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
        self._http = httpx.Client(timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def run(self, name: str, **variables: Any) -> Any:
        """Run the operation `name` and give its only field's value. Raises ApiError for errors of every kind."""
        body = {"query": operation(name), "operationName": name, "variables": variables}
        try:
            response = self._http.post(self.url, json=body)
            answer = response.json()
        except httpx.TransportError as error:
            raise ApiError(f"no server answers at {self.url} ({error}); start one with: rapporteur serve") from error
        except ValueError as error:
            raise ApiError(
                f"what answers at {self.url} is no Rapporteur server (HTTP {response.status_code})"
            ) from error
        if not isinstance(answer, dict) or not (answer.get("data") or answer.get("errors")):
            raise ApiError(f"what answers at {self.url} is no Rapporteur server (HTTP {response.status_code})")
        if errors := answer.get("errors"):
            raise ApiError("; ".join(error["message"] for error in errors))
        (result,) = answer["data"].values()
        if isinstance(result, dict) and result.get("code") and result.get("message"):
            raise ApiError(result["message"])
        return result
