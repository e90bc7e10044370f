"""Consistency tokens: a mutation gives one, and a read that gives it back sees at least what the mutation wrote.

A token names a position in the write-ahead log of a database cluster. The log goes on in another timeline when a standby is
promoted, so that positions of two timelines are not simply one after the other: a copy of the database has reached a token if
it is as far in the log, and in the same timeline or a later one. A copy in an earlier timeline may have what was lost instead.
"""

import re
from typing import NamedTuple

from domain.errors import InvalidInput

PATH = "extensions.consistency"
MAX_TOKENS = 20
"""The number of tokens that a request may give."""
_TOKEN = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{1,8})-([0-9a-f]{1,16})", re.ASCII)


class ConsistencyToken(NamedTuple):
    """A position in the log of a cluster."""

    cluster: int
    """The cluster's system identifier."""
    timeline: int
    position: int
    """The bytes of log before the position."""

    def is_reached_by(self, copy: "ConsistencyToken") -> bool:
        """Returns whether a copy of the database, which is at the position `copy`, has everything written before the token."""
        return self.position <= copy.position and self.timeline <= copy.timeline and self.cluster == copy.cluster

    def join(self, other: "ConsistencyToken") -> "ConsistencyToken":
        """Returns the token that is reached where both are. Tokens of two clusters are reached on the primary only."""
        if self.cluster != other.cluster:
            return PRIMARY
        return ConsistencyToken(self.cluster, max(self.timeline, other.timeline), max(self.position, other.position))

    def __str__(self) -> str:
        return _PRIMARY if self == PRIMARY else f"{self.cluster:x}-{self.timeline:x}-{self.position:x}"


_PRIMARY = "primary"
PRIMARY = ConsistencyToken(-1, 0, 0)
"""The token that no replica reaches: only the primary has everything."""


def parse_tokens(value: object) -> ConsistencyToken:
    """Returns the token that is reached where all are that a client gives, with commas between them. Raises InvalidInput."""
    if not isinstance(value, str):
        raise _invalid()
    texts = value.split(",", MAX_TOKENS)
    if len(texts) > MAX_TOKENS:
        raise InvalidInput.of(PATH, f"must have at most {MAX_TOKENS} tokens: keep those of the newest mutations")
    joined, *others = map(_parse, texts)
    for token in others:
        joined = joined.join(token)
    return joined


def _parse(text: str) -> ConsistencyToken:
    text = text.strip()
    if text == _PRIMARY:
        return PRIMARY
    if (found := _TOKEN.fullmatch(text)) is None:
        raise _invalid()
    cluster, timeline, position = (int(part, 16) for part in found.groups())
    return ConsistencyToken(cluster, timeline, position)


def _invalid() -> InvalidInput:
    return InvalidInput.of(
        PATH, f"must be what a mutation's answer gave, several with commas between them, or {_PRIMARY}"
    )
