"""What a client takes for an answer: the `Accept` header, as GraphQL over HTTP and RFC 9110 (12.5.1) have it."""

from functools import lru_cache
from typing import NamedTuple

JSON = "application/json"
RESPONSE = "application/graphql-response+json"
"""The specification's own: its HTTP statuses tell whether the operation was executed."""
EVENTS = "text/event-stream"
HTML = "text/html"


class Accepted(NamedTuple):
    """`single` is the type of a single answer, None if the client takes neither; the others say whether it takes them."""

    single: str | None
    events: bool
    html: bool


@lru_cache(maxsize=128)
def accepted(header: bytes) -> Accepted:
    """What the header asks for. Without one it is JSON, and the specification's own type only for those who name it."""
    ranges = dict(_range(part) for part in header.decode("latin-1").lower().split(","))
    ranges.pop("", None)
    if not ranges:
        return Accepted(JSON, False, False)
    json, response = _quality(ranges, JSON), _quality(ranges, RESPONSE)
    if response > json or (response and response == json and RESPONSE in ranges):
        single: str | None = RESPONSE
    else:
        single = JSON if json else None
    return Accepted(single, bool(ranges.get(EVENTS)), bool(ranges.get(HTML)))


def content_type(single: str) -> str:
    """The header of an answer; JSON is UTF-8 by definition, and has no such parameter."""
    return single if single == JSON else f"{single}; charset=utf-8"


def _range(part: str) -> tuple[str, float]:
    """A media range and its weight from 0 to 1; a weight that cannot be read counts as 1. Other parameters are ignored."""
    name, *parameters = (each.strip() for each in part.split(";"))
    weight = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                weight = min(max(float(value), 0.0), 1.0)
            except ValueError:
                weight = 1.0
    return name, weight


def _quality(ranges: dict[str, float], media_type: str) -> float:
    """The weight of the most specific range that the type is in."""
    for name in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        if name in ranges:
            return ranges[name]
    return 0.0
