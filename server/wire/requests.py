"""Reads GraphQL requests from bodies, URLs and messages, and refuses what is no request."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import NoneType
from typing import Any, NamedTuple

from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from domain.errors import ServiceUnavailable
from server.wire.content_negotiation import JSON
from server.wire.deadline import Deadline
from server.wire.headers import Headers
from server.wire.json import MAX_VALUES, TooManyValues, decode_client_json, decode_json
from server.wire.refusals import RequestRefused


class _Parameter(NamedTuple):
    """A parameter of a GraphQL request."""

    name: str
    type: type
    description: str
    """The required type in words, for a message."""
    is_json_in_url: bool = False


_PARAMETERS = (
    _Parameter("query", str, "a GraphQL document"),
    _Parameter("variables", dict, "an object or null", is_json_in_url=True),
    _Parameter("operationName", str, "a string or null"),
    _Parameter("extensions", dict, "an object or null", is_json_in_url=True),
    _Parameter("documentId", str, "a string or null"),
)
"""The parameters in the order of `GraphQLRequest`."""
_NAMES = frozenset(parameter.name for parameter in _PARAMETERS)


class MalformedRequest(ValueError):
    """The parameters are no GraphQL request; the message says why."""


@dataclass(slots=True)  # which is made in less time than a tuple with names
class GraphQLRequest:
    """A request whose parameters are of the right types; its document may still be wrong."""

    query: str | None
    """The document, or None if the request names its document by a hash."""
    variables: dict[str, object] | None
    operation_name: str | None
    extensions: dict[str, object] | None
    document_id: str | None = None


def parse_parameters(value: object) -> GraphQLRequest:
    """Returns the request in a JSON object; other members of the object are ignored. Raises MalformedRequest."""
    if not isinstance(value, dict):
        raise MalformedRequest("must be a JSON object with the field query (batches are not supported)")
    get = value.get
    query, variables, extensions = get("query"), get("variables"), get("extensions")
    name, document_id = get("operationName"), get("documentId")
    request = GraphQLRequest(query, variables, name, extensions, document_id)
    if not (
        (query is None or type(query) is str)
        and (variables is None or type(variables) is dict)
        and (name is None or type(name) is str)
        and (extensions is None or type(extensions) is dict)
        and (document_id is None or type(document_id) is str)
    ):
        for found, parameter in zip((query, variables, name, extensions, document_id), _PARAMETERS, strict=True):
            if not isinstance(found, (parameter.type, NoneType)):
                raise MalformedRequest(f"{parameter.name} must be {parameter.description}")
    if query is None and document_id is None and (extensions or {}).get("persistedQuery") is None:
        raise MalformedRequest("query must be a GraphQL document")
    return request


WHOLE_BODY = "rapporteur.body"
"""The key under which our own server has put the body of a request in its scope, if all of it had arrived with the head."""
HoldMemory = Callable[[int], object]
"""Counts bytes that a large body takes until its request is answered. Raises RateLimited."""
MAX_UNCOUNTED_BYTES = 64 * 1024
"""The size of bodies that are not counted; the larger ones are counted as they come, in steps of this size."""
_VALUE_BYTES = 150
"""The memory of a value of JSON, about, beside the characters of a text."""


async def json_from_body(
    scope: Scope,
    headers: Headers,
    receive: Receive,
    max_bytes: int,
    seconds: float,
    hold: HoldMemory,
    *,
    empty: object = None,
) -> Any:
    """Returns the JSON in a body of at most `max_bytes`, which must arrive within `seconds`.

    `empty` stands for an empty body. Raises RequestRefused, RateLimited, or ClientDisconnect.
    """
    _check_content_type(headers.get(b"content-type", b""), headers.get(b"content-encoding", b""))
    body: bytes | bytearray | None = scope.pop(WHOLE_BODY, None)
    if body is None:
        body = await _read_body(headers, receive, max_bytes, seconds, hold)
    else:
        _count(len(body), 0, max_bytes, hold)
    if not body and empty is not None:
        return empty
    try:
        if len(body) <= MAX_UNCOUNTED_BYTES:
            return decode_json(body)
        hold(min(body.count(b","), MAX_VALUES) * _VALUE_BYTES)
        return await decode_client_json(body)
    except TooManyValues as error:
        raise RequestRefused(413, f"the body {error}") from error
    except (ValueError, RecursionError) as error:
        raise RequestRefused(400, f"the body is not JSON in UTF-8: {error}") from error


def request_from_url(query: bytes) -> GraphQLRequest:
    """Returns the request in a URL's query. Raises RequestRefused."""
    values: dict[str, object] = {}
    for name, value in QueryParams(query).multi_items():
        if name in values and name in _NAMES:
            raise RequestRefused(400, f"{name} is given twice")
        values[name] = value
    for name in _NAMES - {"query"}:
        if values.get(name) == "":  # in a URL the empty string means that there is none
            del values[name]
    for parameter in _PARAMETERS:
        text = values.get(parameter.name)
        if parameter.is_json_in_url and isinstance(text, str):
            try:
                values[parameter.name] = decode_json(text)
            except (ValueError, RecursionError) as error:
                raise RequestRefused(400, f"{parameter.name} is not JSON: {error}") from error
    return checked_request(values, "the URL's query")


def checked_request(value: object, source: str = "the body") -> GraphQLRequest:
    """Returns the request that has been read from a source. Raises RequestRefused."""
    try:
        return parse_parameters(value)
    except MalformedRequest as error:
        raise RequestRefused(400, str(error) if isinstance(value, dict) else f"{source} {error}") from error


@lru_cache(maxsize=128)
def _check_content_type(content_type: bytes, encoding: bytes) -> None:
    """Raises RequestRefused for a body that is not plain JSON in UTF-8.

    No form of a web page can send JSON, and no script of another origin without a preflight.
    """
    header = content_type.decode("latin-1")
    name, *parameters = (part.strip() for part in header.lower().split(";"))
    if name != JSON or "," in header:  # a comma means several headers, of which none counts
        raise RequestRefused(
            415, f"the Content-Type must be {JSON}, not {header[:100] or 'none'}", {"Accept-Post": JSON}
        )
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8"):
            raise RequestRefused(415, f"the charset must be utf-8, not {value[:100]}", {"Accept-Post": JSON})
    if encoding.strip().lower() not in (b"identity", b""):
        raise RequestRefused(
            415,
            f"the body must come without a Content-Encoding, not as {encoding.decode('latin-1')[:100]}",
            {"Accept-Encoding": "identity"},
        )


async def _read_body(headers: Headers, receive: Receive, max_bytes: int, seconds: float, hold: HoldMemory) -> bytearray:
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length[:20]) > max_bytes:
        raise _too_large(max_bytes)
    body = bytearray()
    held = 0
    more = True
    try:
        with Deadline(seconds):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                body += message.get("body", b"")
                held = _count(len(body), held, max_bytes, hold)
                more = message.get("more_body", False)
    except ServiceUnavailable as error:
        raise RequestRefused(
            408, f"the body did not come within {seconds:g} seconds", {"Connection": "close"}
        ) from error
    return body


def _count(size: int, held: int, max_bytes: int, hold: HoldMemory) -> int:
    """Counts the bytes of a body, of which some were counted before. Returns how many now are."""
    if size > max_bytes:
        raise _too_large(max_bytes)
    if size - held <= MAX_UNCOUNTED_BYTES:
        return held
    hold(size - held)
    return size


def _too_large(max_bytes: int) -> RequestRefused:
    return RequestRefused(413, f"the body must have at most {max_bytes} bytes")
