"""Principals: the callers, and what they are allowed to do. All that a principal reads or writes is in one workspace."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from domain.history import ANONYMOUS
from domain.ids import KeyId, WorkspaceId


class Scope(Enum):
    """The permissions that a key or a token grants. WRITE includes READ, and ADMIN includes both.

    INGEST is for a bot in a meeting: it can create meetings, and read and upsert the segments of the meetings that it has
    created or was granted. It sees nothing else of the workspace.
    """

    READ = "READ"
    WRITE = "WRITE"
    ADMIN = "ADMIN"
    INGEST = "INGEST"


Scopes = frozenset[Scope]

LOCAL = "local"
"""The id of the principal of a server without authentication."""

ALL: Scopes = frozenset(Scope)
_INCLUDED = {Scope.WRITE: {Scope.READ}, Scope.ADMIN: {Scope.READ, Scope.WRITE}}


def with_included(scopes: Scopes) -> Scopes:
    """Returns the scopes together with all that they include."""
    return scopes.union(*(_INCLUDED.get(scope, ()) for scope in scopes))


@dataclass(frozen=True, slots=True)
class Principal:
    """The one who asks: a key, a user of the identity provider, or anyone who reaches a server without authentication."""

    workspace_id: WorkspaceId
    id: str
    """Identifies the key or the subject of the tokens: always the same for it, and unique in the workspace."""
    name: str
    """The actor in the history."""
    scopes: Scopes
    """The scopes together with all that they include."""
    key_id: KeyId | None = None
    expires_at: datetime | None = None

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= datetime.now(UTC)

    @property
    def sees_all(self) -> bool:
        """Returns whether the principal sees the whole workspace, and not only the meetings that it created or was granted."""
        return Scope.READ in self.scopes

    @property
    def writes_all(self) -> bool:
        """Returns whether the principal can write in all meetings of the workspace."""
        return Scope.WRITE in self.scopes


def local(workspace_id: WorkspaceId) -> Principal:
    """Returns the principal of a server without authentication, which allows everything."""
    return Principal(workspace_id, LOCAL, ANONYMOUS, ALL)
