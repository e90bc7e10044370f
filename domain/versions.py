"""Optimistic locking: every aggregate carries a version that each change raises."""

from domain.errors import Conflict


class Versioned:
    """Something with a `version`: 1 when created, one more with each change."""

    __slots__ = ()
    version: int

    def expect(self, version: int | None) -> None:
        """Raise Conflict unless this is the version the caller has seen (None: any will do)."""
        if version is not None and version != self.version:
            raise Conflict(
                f"modified concurrently: you expected version {version}, the current one is {self.version}",
                self.version,
            )
