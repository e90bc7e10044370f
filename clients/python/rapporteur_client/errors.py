"""The errors of this library. All are `RapporteurError`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rapporteur_client.segments import SegmentInput


class RapporteurError(Exception):
    """The root of all errors that this library raises."""


class NoConfig(RapporteurError, LookupError):
    """Nobody knows the agent's configuration: not the server, the disk, the manifests, nor the caller."""


class ClientClosed(RapporteurError):
    """The client was closed, or belongs to the process that this one was forked from."""


class QueueFull(RapporteurError):
    """The segment was not taken, as too many others wait to be written. Write it again later, or let it go."""


class Unavailable(RapporteurError):
    """The server cannot be reached, or cannot answer now. `retry_after` is in seconds; 0 leaves it to the caller."""

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unauthenticated(Unavailable):
    """The server does not know the key, or no longer. The next try has a renewed one, if there is one."""


class Refused(RapporteurError):
    """The server refused a request, and would refuse it again. `code` and `paths` are those of its answer."""

    def __init__(self, message: str, code: str = "", paths: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.paths = tuple(paths)


class SegmentsRefused(RapporteurError):
    """The server refused segments, which are lost unless they are written again. `refusals` says which, and why."""

    def __init__(self, refusals: Sequence[tuple[Refused, Sequence[SegmentInput]]]) -> None:
        reasons = "; ".join(f"{len(segments)}: {refused}" for refused, segments in refusals[:5])
        super().__init__(f"the server refused segments: {reasons}")
        self.refusals = tuple(refusals)


class NotWritten(RapporteurError):
    """Segments could not be written in time, because the server is away. `segments` are those that may be missing."""

    def __init__(self, segments: Sequence[SegmentInput]) -> None:
        super().__init__(f"{len(segments)} segments could not be written in time")
        self.segments = tuple(segments)
