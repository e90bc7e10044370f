"""Meeting grants in SQL: which meetings a principal with the scope INGEST may reach."""

from collections.abc import Iterable

from sqlalchemy import Text, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from db.repository import IDS, WORKSPACE, Repository
from db.tables import meeting_grants
from domain.ids import MeetingId

_PRINCIPAL = bindparam("principal_id", type_=Text)


class GrantRepository(Repository):
    """The grants of one workspace."""

    async def filter_granted(self, principal: str, ids: Iterable[MeetingId]) -> set[MeetingId]:
        """Returns the meetings that have been granted to the principal."""
        rows = await self._rows(_FILTER_GRANTED, principal_id=principal, ids=list(ids))
        return {row.meeting_id for row in rows}

    async def grant(self, principal: str, ids: Iterable[MeetingId]) -> None:
        """Grants the meetings to the principal. Raises InvalidInput if one of them does not exist."""
        await self._rows(_GRANT, principal_id=principal, ids=list(ids))


_FILTER_GRANTED = select(meeting_grants.c.meeting_id).where(
    meeting_grants.c.workspace_id == WORKSPACE,
    meeting_grants.c.principal == _PRINCIPAL,
    meeting_grants.c.meeting_id == any_(IDS),
)
_GRANT = (
    insert(meeting_grants)
    .from_select(["workspace_id", "principal", "meeting_id"], select(WORKSPACE, _PRINCIPAL, func.unnest(IDS)))
    .on_conflict_do_nothing()
    .returning(meeting_grants.c.meeting_id)
)
