"""What a client asks for: the parameters of a GraphQL request, in a body, a URL or a message. All of it may be wrong."""

import asyncio
from typing import Any, NamedTuple

from starlette.requests import Request

from server.json import decode_json
from server.media_types import JSON
from server.refusals import Refused

TYPES = {
    "query": "a GraphQL document",
    "documentId": "a string",
    "operationName": "a string",
    "variables": "an object",
    "extensions": "an object",
}
_PYTHON_TYPES = {"query": str, "documentId": str, "operationName": str, "variables": dict, "extensions": dict}
_AS_JSON = ("variables", "extensions")
"""The parameters that are written as JSON in a URL."""


class Malformed(ValueError):
    """The parameters are no GraphQL request; the message says why."""


class GraphQLRequest(NamedTuple):
    """A request whose parameters are of the right types; whether the document is one is another matter."""

    query: str | None
    """None: the request names its document by a hash."""
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None
    document_id: str | None = None


def parameters_of(parsed: Any) -> GraphQLRequest:
    """The request in a JSON object; what else the object has is ignored. Raises Malformed."""
    if not isinstance(parsed, dict):
        raise Malformed("must be a JSON object with the field query (batches are not supported)")
    for name, type_ in _PYTHON_TYPES.items():
        value = parsed.get(name)
        if value is not None and not isinstance(value, type_):
            raise Malformed(f"{name} must be {TYPES[name]}{' or null' if name != 'query' else ''}")
    asked = GraphQLRequest(
        parsed.get("query"),
        parsed.get("variables"),
        parsed.get("operationName"),
        parsed.get("extensions"),
        parsed.get("documentId"),
    )
    if asked.query is None and asked.document_id is None and (asked.extensions or {}).get("persistedQuery") is None:
        raise Malformed("query must be a GraphQL document")
    return asked


async def from_body(request: Request, limit: int, seconds: float) -> GraphQLRequest:
    """The request in a body of at most `limit` bytes, which may take so long. Raises Refused, or ClientDisconnect."""
    _check_type(request)
    body = await _read(request, limit, seconds)
    try:
        parsed = decode_json(body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"the body is not JSON in UTF-8: {error}") from error
    return _parameters_of(parsed, "the body")


def from_url(request: Request) -> GraphQLRequest:
    """The request in the URL's query. Raises Refused."""
    given: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in given and name in TYPES:
            raise Refused(400, f"{name} is given twice")
        given[name] = value
    if given.get("operationName") == "":  # as good as none, in a URL
        del given["operationName"]
    for name in _AS_JSON:
        if name in given:
            try:
                given[name] = decode_json(given[name])
            except (ValueError, RecursionError) as error:
                raise Refused(400, f"{name} is not JSON: {error}") from error
    return _parameters_of(given, "the URL's query")


def _parameters_of(parsed: Any, place: str) -> GraphQLRequest:
    try:
        asked = parameters_of(parsed)
    except Malformed as error:
        raise Refused(400, str(error) if isinstance(parsed, dict) else f"{place} {error}") from error
    if asked.query == "":
        raise Refused(400, "query must be a GraphQL document")
    return asked


def _check_type(request: Request) -> None:
    """Only JSON as it is, in UTF-8. No form of a web page can send that, nor a script without asking us first."""
    types = request.headers.getlist("content-type")
    name, *parameters = (part.strip() for part in (types[0] if types else "").lower().split(";"))
    if len(types) != 1 or name != JSON:
        given = " and ".join(types) or "none"
        raise Refused(415, f"the Content-Type must be {JSON}, not {given[:100]}", {"Accept-Post": JSON})
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8"):
            raise Refused(415, f"the charset must be utf-8, not {value[:100]}", {"Accept-Post": JSON})
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", ""):
        raise Refused(
            415,
            f"the body must come without a Content-Encoding, not as {encoding[:100]}",
            {"Accept-Encoding": "identity"},
        )


async def _read(request: Request, limit: int, seconds: float) -> bytes:
    too_large = Refused(413, f"the body must have at most {limit} bytes")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > limit:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise too_large
    except TimeoutError as error:
        raise Refused(408, f"the body did not come within {seconds:g} seconds", {"Connection": "close"}) from error
    return bytes(body)


def header_of(request: Request, name: str) -> str:
    """All values of a header that may come in several lines."""
    return ",".join(request.headers.getlist(name))
