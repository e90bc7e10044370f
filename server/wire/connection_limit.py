"""How many connections may be open at once."""

from collections.abc import Iterator
from contextlib import contextmanager


class TooManyConnections(Exception):
    """All places are taken."""


class ConnectionLimit:
    """A number of places for connections that stay open."""

    def __init__(self, maximum: int) -> None:
        self.open_connections = 0
        self._maximum = maximum

    @contextmanager
    def hold(self) -> Iterator[None]:
        """A place for the length of the block. Raises TooManyConnections."""
        if self.open_connections >= self._maximum:
            raise TooManyConnections
        self.open_connections += 1
        try:
            yield
        finally:
            self.open_connections -= 1
