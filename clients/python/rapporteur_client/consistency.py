"""Consistency tokens: all that a client reads has at least what it wrote before, also where a replica answers.

A token names a place in the log of a database. Of the places in one log the furthest counts, as it has all that is before it.
Places in two logs, such as those before and after a failover, cannot be compared here: the server is given both.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping

CONSISTENCY_HEADER = "Rapporteur-Consistency"
"""Has a token in the response to a mutation, and in requests the tokens that the answer must have reached."""
MAX_TOKENS = 20
"""The number of tokens that a server takes with a request."""
PRIMARY = "primary"
"""The token that only the primary has reached."""

_TOKEN = re.compile(r"([0-9a-f]{1,16}-[0-9a-f]{1,8})-([0-9a-f]{1,16})", re.ASCII)

Places = Mapping[str, int]
"""The place in each log; that of `PRIMARY` counts how often it was given."""


class ConsistencyTokens:
    """The tokens of what was written, for the requests that follow. Threads may share them."""

    def __init__(self) -> None:
        self.places: Places = {}
        self._lock = threading.Lock()

    def __str__(self) -> str:
        return ",".join(PRIMARY if log == PRIMARY else f"{log}-{place:x}" for log, place in self.places.items())

    def add(self, text: str) -> None:
        """Adds tokens, with commas between them. Raises ValueError for what is none: servers would refuse all requests."""
        tokens = [token.strip() for token in text.split(",")]
        for token in tokens:
            if token != PRIMARY and _TOKEN.fullmatch(token) is None:
                raise ValueError(f"{token!r} is no consistency token: give the `consistency` of another client")
        with self._lock:
            for token in tokens:
                self.places = _joined(self.places, token)

    def renew(self, given: Places, token: str) -> None:
        """Puts the token of a response in the place of those that its request has given: it stands for them, too."""
        with self._lock:
            others = {log: place for log, place in self.places.items() if given.get(log) != place}
            self.places = _joined(others, token)


def _joined(places: Places, token: str) -> Places:
    """Returns the places with that of another token. One that cannot be read stands for everything."""
    if found := _TOKEN.fullmatch(token):
        log, place = found[1], int(found[2], 16)
        joined = {**places, log: max(place, places.get(log, 0))}
        if len(joined) <= MAX_TOKENS:
            return joined
    return {PRIMARY: places.get(PRIMARY, 0) + 1}
