"""How many connections may be open at once."""

from collections.abc import Iterator
from contextlib import contextmanager


class TooManyConnections(Exception):
    """All places are taken."""


class Places:
    """A number of places for connections that stay open."""

    def __init__(self, number: int) -> None:
        self.taken = 0
        self._number = number

    @contextmanager
    def one(self) -> Iterator[None]:
        """A place for the length of the block. Raises TooManyConnections."""
        if self.taken >= self._number:
            raise TooManyConnections
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
