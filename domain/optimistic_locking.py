"""Optimistic locking: every aggregate has a version, which each change raises."""

from typing import Annotated

from domain.errors import Conflict
from domain.rules import Integer

VERSION = Integer(1)
"""The rule of a version."""
Version = Annotated[int, VERSION]


def ensure_version(version: int, expected: int | None) -> None:
    """Raises Conflict unless `version` is the one that the caller has seen. None expects no particular version."""
    if expected is not None and expected != version:
        raise Conflict(f"modified concurrently: you expected version {expected}, the current one is {version}", version)


class Versioned:
    """An entity with a `version`: 1 when it was created, one more with each change."""

    __slots__ = ()
    version: int

    def expect(self, version: int | None) -> None:
        """Raises Conflict unless this is the version that the caller has seen. None expects no particular version."""
        ensure_version(self.version, version)
