"""What a client asks for: the parameters of a GraphQL request, in a body, a URL or a message. All of it may be wrong."""

from functools import lru_cache
from typing import Any, NamedTuple

from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from domain.errors import ServiceUnavailable
from server.wire.content_negotiation import JSON
from server.wire.deadline import Deadline
from server.wire.headers import Headers
from server.wire.json import decode_json
from server.wire.refusals import RequestRefused

TYPES = {
    "query": "a GraphQL document",
    "documentId": "a string",
    "operationName": "a string",
    "variables": "an object",
    "extensions": "an object",
}
_PYTHON_TYPES = {"query": str, "variables": dict, "operationName": str, "extensions": dict, "documentId": str}
"""In the order of `GraphQLRequest`."""
_AS_JSON = ("variables", "extensions")
"""The parameters that are written as JSON in a URL."""


class MalformedRequest(ValueError):
    """The parameters are no GraphQL request; the message says why."""


class GraphQLRequest(NamedTuple):
    """A request whose parameters are of the right types; whether the document is one is another matter."""

    query: str | None
    """None: the request names its document by a hash."""
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None
    document_id: str | None = None


def parse_parameters(parsed: Any) -> GraphQLRequest:
    """The request in a JSON object; what else the object has is ignored. Raises MalformedRequest."""
    if not isinstance(parsed, dict):
        raise MalformedRequest("must be a JSON object with the field query (batches are not supported)")
    asked = GraphQLRequest(*map(parsed.get, _PYTHON_TYPES))
    for (name, type_), value in zip(_PYTHON_TYPES.items(), asked, strict=True):
        if value is not None and not isinstance(value, type_):
            raise MalformedRequest(f"{name} must be {TYPES[name]}{' or null' if name != 'query' else ''}")
    if asked.query is None and asked.document_id is None and (asked.extensions or {}).get("persistedQuery") is None:
        raise MalformedRequest("query must be a GraphQL document")
    return asked


async def request_from_body(headers: Headers, receive: Receive, limit: int, seconds: float) -> GraphQLRequest:
    """The request in a body of at most `limit` bytes, which may take so long. Raises RequestRefused, or ClientDisconnect."""
    _check_type(headers.get(b"content-type", b""), headers.get(b"content-encoding", b""))
    body = await _read(headers, receive, limit, seconds)
    try:
        parsed = decode_json(body)
    except (ValueError, RecursionError) as error:
        raise RequestRefused(400, f"the body is not JSON in UTF-8: {error}") from error
    return _parameters_of(parsed, "the body")


def request_from_url(query: bytes) -> GraphQLRequest:
    """The request in the URL's query. Raises RequestRefused."""
    given: dict[str, Any] = {}
    for name, value in QueryParams(query).multi_items():
        if name in given and name in TYPES:
            raise RequestRefused(400, f"{name} is given twice")
        given[name] = value
    if given.get("operationName") == "":  # as good as none, in a URL
        del given["operationName"]
    for name in _AS_JSON:
        if name in given:
            try:
                given[name] = decode_json(given[name])
            except (ValueError, RecursionError) as error:
                raise RequestRefused(400, f"{name} is not JSON: {error}") from error
    return _parameters_of(given, "the URL's query")


def _parameters_of(parsed: Any, place: str) -> GraphQLRequest:
    try:
        asked = parse_parameters(parsed)
    except MalformedRequest as error:
        raise RequestRefused(400, str(error) if isinstance(parsed, dict) else f"{place} {error}") from error
    if asked.query == "":
        raise RequestRefused(400, "query must be a GraphQL document")
    return asked


@lru_cache(maxsize=128)
def _check_type(content_type: bytes, encoding: bytes) -> None:
    """Only JSON as it is, in UTF-8. No form of a web page can send that, nor a script without asking us first."""
    given = content_type.decode("latin-1")
    name, *parameters = (part.strip() for part in given.lower().split(";"))
    if name != JSON or "," in given:  # several lines are none that counts
        raise RequestRefused(
            415, f"the Content-Type must be {JSON}, not {given[:100] or 'none'}", {"Accept-Post": JSON}
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


async def _read(headers: Headers, receive: Receive, limit: int, seconds: float) -> bytearray:
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length[:20]) > limit:
        raise _too_large(limit)
    body = bytearray()
    more = True
    try:
        with Deadline(seconds):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                body += message.get("body", b"")
                if len(body) > limit:
                    raise _too_large(limit)
                more = message.get("more_body", False)
    except ServiceUnavailable as late:
        raise RequestRefused(
            408, f"the body did not come within {seconds:g} seconds", {"Connection": "close"}
        ) from late
    return body


def _too_large(limit: int) -> RequestRefused:
    return RequestRefused(413, f"the body must have at most {limit} bytes")
