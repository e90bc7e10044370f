"""Optimistic locking: every aggregate carries a version that each change raises."""

from domain.errors import Conflict
from domain.validation import Rule, integer

VERSION: Rule = integer(1)


def ensure_version(version: int, expected: int | None) -> None:
    """Raise Conflict unless `version` is the one that the caller has seen (None: any will do)."""
    if expected is not None and expected != version:
        raise Conflict(f"modified concurrently: you expected version {expected}, the current one is {version}", version)


class Versioned:
    """Something with a `version`: 1 when created, one more with each change."""

    __slots__ = ()
    version: int

    def expect(self, version: int | None) -> None:
        """Raise Conflict unless this is the version the caller has seen (None: any will do)."""
        ensure_version(self.version, version)
