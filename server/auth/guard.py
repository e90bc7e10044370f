"""What stands before every operation: who asks, how much they may, and how long."""

from typing import NamedTuple, Protocol

from domain.errors import ServiceUnavailable, Unauthenticated
from domain.principals import Principal
from server.auth.bearer import CHALLENGE, INVALID, token_of
from server.auth.rate_limits import Allowances
from server.auth.sessions import Sessions
from server.wire.headers import Headers
from server.wire.refusals import Refused


class Authenticates(Protocol):
    async def principal(self, token: str | None) -> Principal:
        """Raises Unauthenticated, or ServiceUnavailable if nobody can say now."""

    async def run(self) -> None:
        """What is to be done beside, until cancelled."""


class Guard(NamedTuple):
    """One for a process and database."""

    authentication: Authenticates
    allowances: Allowances
    sessions: Sessions

    async def principal(self, headers: Headers) -> Principal:
        """Who sends an HTTP request. Raises Refused."""
        token = token_of(headers)
        try:
            return await self.authentication.principal(token)
        except Unauthenticated as error:
            raise Refused(401, str(error), CHALLENGE if token is None else INVALID) from error
        except ServiceUnavailable as error:
            raise Refused(503, str(error), {"Retry-After": str(error.retry_after)}) from error
