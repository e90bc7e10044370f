"""Which meetings a principal with the scope INGEST may reach, in SQL."""

from collections.abc import Iterable

from sqlalchemy import Text, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from db.repository import IDS, WORKSPACE, Repository
from db.tables import meeting_grants
from domain.ids import MeetingId

_PRINCIPAL = bindparam("principal_id", type_=Text)
_OF = (meeting_grants.c.workspace_id == WORKSPACE, meeting_grants.c.principal == _PRINCIPAL)
_AMONG = select(meeting_grants.c.meeting_id).where(*_OF, meeting_grants.c.meeting_id == any_(IDS))
_GIVE = (
    insert(meeting_grants)
    .from_select(["workspace_id", "principal", "meeting_id"], select(WORKSPACE, _PRINCIPAL, func.unnest(IDS)))
    .on_conflict_do_nothing()
    .returning(meeting_grants.c.meeting_id)
)


class GrantRepository(Repository):
    """The grants of one workspace."""

    async def among(self, principal: str, ids: Iterable[MeetingId]) -> set[MeetingId]:
        """Those of the meetings that the principal was given."""
        return {row.meeting_id for row in await self._rows(_AMONG, principal_id=principal, ids=list(ids))}

    async def give(self, principal: str, ids: Iterable[MeetingId]) -> None:
        """Raises InvalidInput if there is no such meeting."""
        await self._rows(_GIVE, principal_id=principal, ids=list(ids))
