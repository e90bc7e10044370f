"""A small client of the API, for the commands that work on a running server."""

import json
import re
from collections.abc import Iterator
from typing import Any, Self

import httpx
import orjson

from server.auth.actor import user_name
from server.client.connection_errors import explain, plain_http_refused
from server.wire.graphql_files import operation
from server.wire.headers import ACTOR_HEADER, CONSISTENCY_HEADER

_ARGUMENT = re.compile(r"^(input|filter)\.(?=.)")
"""The beginning of a path that tells a person nothing: whoever runs a command has given its fields one by one."""
_UNKNOWN_NAMES = ("Cannot query field", "Unknown argument", "Unknown type", "Unknown fragment")
"""The beginnings of messages by which a server of another version refuses a document of ours."""
_JSON = (b"content-type", b"application/json")


class ApiError(Exception):
    """The server refused the operation, or did not answer; the message is for a person."""

    def __init__(self, *problems: str) -> None:
        """`problems` has several messages where the server has found several things wrong with what it was sent."""
        super().__init__("; ".join(problems))
        self.problems = problems


class InputRefused(ApiError):
    """The server found values wrong that it was sent. `paths` names them as the API does: `input.title`."""

    def __init__(self, *problems: str, paths: list[str]) -> None:
        super().__init__(*problems)
        self.paths = paths


class ApiClient:
    """Runs the documents of `graphql/operations/` on the server at a URL, whose path `/graphql` may be left out."""

    def __init__(self, url: str, key: str | None = None, timeout: float = 60.0) -> None:
        """`key` is the token of an API key, where the server asks for one; `timeout` is in seconds."""
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise ApiError(f"{url!r} is not a URL: {error}") from error
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise ApiError(f"{url!r} is not the URL of a server: say http://HOST:PORT")
        self.url = str(parsed.copy_with(path="/graphql") if parsed.path in ("", "/") else parsed)
        headers = [(ACTOR_HEADER.encode(), user_name().encode()), _JSON]
        if key is not None:
            headers.append((b"authorization", b"Bearer " + key.strip().encode()))
        self._http = httpx.Client(timeout=timeout, headers=headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def run(self, name: str, **variables: object) -> Any:
        """Runs the operation `name` and returns the value of its only field. Raises ApiError for errors of every kind."""
        content = _encode_request(name, variables)  # outside the try: this ValueError would not be the server's
        try:
            response = self._http.post(self.url, content=content)
            if (token := response.headers.get(CONSISTENCY_HEADER)) is not None:
                self._http.headers[CONSISTENCY_HEADER] = token  # later requests see what this one wrote
            answer = response.json()
        except httpx.TransportError as error:
            raise ApiError(explain(self.url, error)) from error
        except ValueError as error:
            raise self._unexpected_answer(response, len(content)) from error
        is_missing = response.status_code == httpx.codes.NOT_FOUND
        if is_missing or not isinstance(answer, dict) or not (answer.get("data") or answer.get("errors")):
            raise self._unexpected_answer(response, len(content))
        return _only_value(answer)

    def pages(self, name: str, **variables: object) -> Iterator[list[Any]]:
        """Runs an operation whose only field is a connection, and yields the nodes of each page in order. Raises ApiError."""
        after = None
        while True:
            page = self.run(name, **variables, after=after)
            yield page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    def events(self, name: str, **variables: object) -> Iterator[Any]:
        """Runs a subscription and yields the value of its only field for each event, until it completes. Raises ApiError."""
        timeout = httpx.Timeout(60, read=None)
        headers = {"Accept": "text/event-stream"}
        body = _encode_request(name, variables)
        try:
            with self._http.stream("POST", self.url, content=body, headers=headers, timeout=timeout) as response:
                if not response.headers.get("content-type", "").startswith("text/event-stream"):
                    response.read()
                    raise self._unexpected_answer(response, len(body))
                kind = ""
                for line in response.iter_lines():
                    field, _, content = line.partition(":")
                    if field == "event":
                        kind = content.strip()
                    if kind == "complete":
                        return
                    if field == "data" and kind == "next":
                        yield _only_value(orjson.loads(content))
        except httpx.TransportError as error:
            raise ApiError(explain(self.url, error)) from error

    def health(self) -> dict[str, object]:
        """Returns the server's `version`, its `database` ("ok", or the reason why it cannot serve), and the `schema` revision.

        A server with replicas also says how they are: `replicas` has the status of each, such as "in use".
        Raises ApiError if no Rapporteur server answers.
        """
        answers = []
        for path in ("/healthz", "/readyz"):
            try:
                response = self._http.get(str(httpx.URL(self.url).copy_with(path=path)))
                answer = response.json()
            except httpx.TransportError as error:
                raise ApiError(explain(self.url, error)) from error
            except ValueError as error:
                raise self._unexpected_answer(response, 0) from error
            if not isinstance(answer, dict) or "status" not in answer:
                raise self._unexpected_answer(response, 0)
            answers.append(answer)
        alive, ready = answers
        database = ready["status"] if ready["status"] == "ok" else ready.get("reason", ready["status"])
        found = {"version": alive.get("version"), "database": database, "schema": ready.get("revision")}
        return found | ({"replicas": ready["replicas"]} if "replicas" in ready else {})

    def _unexpected_answer(self, response: httpx.Response, size: int) -> ApiError:
        if response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            plain = response.headers.get("content-type", "").startswith("text/plain")
            said = " ".join(response.text.split())[:200] if plain else ""
            return ApiError(f"the request is too large for the server: {said or f'{size:,} bytes'}")
        if response.is_redirect:
            return ApiError(
                f"the server at {self.url} redirects to {response.headers['location'][:200]}: use --url with that"
            )
        if response.status_code == httpx.codes.BAD_REQUEST and (message := plain_http_refused(self.url)):
            return ApiError(message)
        return ApiError(f"what answers at {self.url} is no Rapporteur server (HTTP {response.status_code})")


def _encode_request(name: str, variables: dict[str, object]) -> bytes:
    request = {"query": operation(name), "operationName": name, "variables": variables}
    try:
        return json.dumps(request, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:  # files can have values that JSON cannot
        raise ApiError(f"what is given cannot be sent: {error}") from error


def _only_value(answer: dict[str, Any]) -> Any:
    if errors := answer.get("errors"):
        messages = [error["message"] for error in errors]
        if any(message.startswith(_UNKNOWN_NAMES) for message in messages):
            messages = ["the server has another version than this command (rapporteur status shows both)", *messages]
        raise ApiError(*messages)
    (result,) = answer["data"].values()
    if isinstance(result, dict) and result.get("code") and result.get("message"):
        # The message names the first few fields only.
        fields = [f"{_ARGUMENT.sub('', field['path'])} {field['message']}" for field in result.get("fields") or ()]
        if fields:
            raise InputRefused(*fields, paths=[field["path"] for field in result["fields"]])
        raise ApiError(result["message"])
    return result
