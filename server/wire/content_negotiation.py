"""Reads the `Accept` header (RFC 9110, 12.5.1) as GraphQL over HTTP has it, and chooses the media type of the response."""

from dataclasses import dataclass
from functools import lru_cache

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
"""The specification's own type. Its HTTP status tells whether the operation was executed."""
EVENT_STREAM = "text/event-stream"
HTML = "text/html"


@dataclass(slots=True)
class AcceptedTypes:
    """The types that a client accepts."""

    single: str | None
    """The type for a single response, or None if the client accepts neither JSON nor the specification's own type."""
    event_stream: bool
    html: bool
    """Tells whether the client accepts HTML, and rates it no lower than a single response."""
    prefers_html: bool
    """Tells whether the client rates HTML higher than a single response, as browsers do."""


@lru_cache(maxsize=128)
def parse_accept(header: bytes) -> AcceptedTypes:
    """Returns the types that a client accepts. Without the header it gets JSON.

    The specification's own type is chosen only for clients that name it, or rate it higher than JSON. A range with another
    charset than UTF-8 is ignored, because responses have no other.
    """
    parts = [part for part in header.decode("latin-1").lower().split(",") if part.partition(";")[0].strip()]
    if not parts:
        return AcceptedTypes(JSON, False, False, False)
    ranges = dict(filter(None, map(_parse_range, parts)))
    json, response = _quality(ranges, JSON), _quality(ranges, GRAPHQL_RESPONSE)
    if response > json or (response and response == json and GRAPHQL_RESPONSE in ranges):
        single: str | None = GRAPHQL_RESPONSE
    else:
        single = JSON if json else None
    html = ranges.get(HTML, 0.0)
    return AcceptedTypes(
        single, bool(ranges.get(EVENT_STREAM)), bool(html) and html >= max(json, response), html > max(json, response)
    )


def content_type(media_type: str) -> str:
    """Returns the `Content-Type` of a response, which tells the encoding as the specification recommends."""
    return f"{media_type}; charset=utf-8"


def _parse_range(part: str) -> tuple[str, float] | None:
    """Returns a media range and its quality from 0 to 1, or None for another charset than UTF-8.

    A quality that is no number counts as 1. Other parameters are ignored.
    """
    name, *parameters = (each.strip() for each in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                quality = min(max(float(value), 0.0), 1.0)
            except ValueError:
                quality = 1.0
        elif key.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8"):
            return None
    return name, quality


def _quality(ranges: dict[str, float], media_type: str) -> float:
    """Returns the quality of the most specific range that includes the type, or 0 if there is none."""
    for name in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        if name in ranges:
            return ranges[name]
    return 0.0
