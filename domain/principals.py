"""Who asks, and what they may do. Everything a principal reads or writes is of one workspace."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from domain.history import ANONYMOUS
from domain.ids import KeyId, WorkspaceId


class Scope(Enum):
    """What a key or a token is good for. WRITE includes READ, and ADMIN both.

    INGEST is for a bot in a meeting: it creates meetings, and reads and upserts the segments of those that it has created
    or was given, and sees nothing else of the workspace.
    """

    READ = "READ"
    WRITE = "WRITE"
    ADMIN = "ADMIN"
    INGEST = "INGEST"


Scopes = frozenset[Scope]

LOCAL = "local"
"""The id of a principal whom nobody has asked who they are."""

ALL: Scopes = frozenset(Scope)
_INCLUDED = {Scope.WRITE: {Scope.READ}, Scope.ADMIN: {Scope.READ, Scope.WRITE}}


def with_included(scopes: Scopes) -> Scopes:
    """The scopes with all that they include."""
    return scopes.union(*(_INCLUDED.get(scope, ()) for scope in scopes))


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks."""

    workspace_id: WorkspaceId
    id: str
    """Of the same key, or the same subject of tokens, always the same, and of no other in the workspace."""
    name: str
    """For history."""
    scopes: Scopes
    """With all that they include."""
    key_id: KeyId | None = None
    expires_at: datetime | None = None

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= datetime.now(UTC)

    @property
    def sees_all(self) -> bool:
        """Or else only the meetings that it has created or was given."""
        return Scope.READ in self.scopes

    @property
    def writes_all(self) -> bool:
        return Scope.WRITE in self.scopes


def local(workspace_id: WorkspaceId) -> Principal:
    """Who asks where nobody is asked who they are: whoever reaches the server may do everything."""
    return Principal(workspace_id, LOCAL, ANONYMOUS, ALL)
