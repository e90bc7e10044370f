"""What stands before every operation: who asks, how much they may, and how long."""

from typing import NamedTuple, Protocol

from domain.principals import Principal
from server.auth.rates import Allowances
from server.auth.sessions import Sessions


class Authenticates(Protocol):
    async def principal(self, token: str | None) -> Principal:
        """Raises Unauthenticated, or ServiceUnavailable if nobody can say now."""


class Guard(NamedTuple):
    """One for a process and database."""

    authentication: Authenticates
    allowances: Allowances
    sessions: Sessions
