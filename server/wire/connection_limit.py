"""Limits how many connections may be open at once."""

from collections.abc import Iterator
from contextlib import contextmanager


class TooManyConnections(Exception):
    """The maximum number of connections is open."""


class ConnectionLimit:
    """Counts the WebSockets and event streams of a process, up to a maximum."""

    def __init__(self, maximum: int) -> None:
        self.open_connections = 0
        self.maximum = maximum

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Counts a connection for the length of the block. Raises TooManyConnections."""
        if self.open_connections >= self.maximum:
            raise TooManyConnections
        self.open_connections += 1
        try:
            yield
        finally:
            self.open_connections -= 1
