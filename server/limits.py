"""How many connections may be open at once."""

from collections.abc import Iterator
from contextlib import contextmanager


class TooManyConnections(Exception):
    """All places are taken."""


class Places:
    """A number of places for connections that stay open."""

    def __init__(self, number: int) -> None:
        self._free = number

    @contextmanager
    def one(self) -> Iterator[None]:
        """A place for the length of the block. Raises TooManyConnections."""
        if not self._free:
            raise TooManyConnections
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
