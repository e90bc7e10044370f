"""What stands before every operation: who asks, how much they may, and how long."""

from typing import NamedTuple, Protocol

from domain.errors import ServiceUnavailable, Unauthenticated
from domain.principals import Principal
from server.auth.bearer import CHALLENGE, INVALID, bearer_token
from server.auth.rate_limits import RateLimiters
from server.auth.sessions import Sessions
from server.wire.headers import Headers
from server.wire.refusals import RequestRefused


class Authenticates(Protocol):
    async def principal(self, token: str | None) -> Principal:
        """Raises Unauthenticated, or ServiceUnavailable if nobody can say now."""

    async def run(self) -> None:
        """What is to be done beside, until cancelled."""


class Guard(NamedTuple):
    """One for a process and database."""

    authenticator: Authenticates
    rate_limiters: RateLimiters
    sessions: Sessions

    async def principal(self, headers: Headers) -> Principal:
        """Who sends an HTTP request. Raises RequestRefused."""
        token = bearer_token(headers)
        try:
            return await self.authenticator.principal(token)
        except Unauthenticated as error:
            raise RequestRefused(401, str(error), CHALLENGE if token is None else INVALID) from error
        except ServiceUnavailable as error:
            raise RequestRefused(503, str(error), {"Retry-After": str(error.retry_after)}) from error
