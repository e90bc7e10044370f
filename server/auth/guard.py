"""Holds what is asked before every operation: who the client is, how much it may ask for, and for how long."""

from dataclasses import dataclass

from domain.errors import RateLimited, ServiceUnavailable, Unauthenticated
from domain.principals import Principal
from server.auth.authenticator import Authenticator, OpenAccess
from server.auth.bearer import CHALLENGE_HEADERS, INVALID_TOKEN_HEADERS, bearer_token
from server.auth.rate_limits import RateLimiter, RateLimiters
from server.auth.sessions import Sessions
from server.current_request import current_request
from server.wire.headers import Headers
from server.wire.refusals import RequestRefused

TOO_MANY_REQUESTS = 429


@dataclass(slots=True)
class Guard:
    """The guard of a process. There is one for a database."""

    authenticator: Authenticator | OpenAccess
    rate_limiters: RateLimiters
    sessions: Sessions

    async def principal(self, headers: Headers) -> Principal:
        """Returns the principal that sends an HTTP request. Raises RequestRefused."""
        token = bearer_token(headers)
        try:
            principal = await self.authenticator.principal(token)
        except Unauthenticated as error:
            raise RequestRefused(
                401, str(error), CHALLENGE_HEADERS if token is None else INVALID_TOKEN_HEADERS
            ) from error
        except ServiceUnavailable as error:
            raise RequestRefused(503, str(error), {"Retry-After": str(error.retry_after)}) from error
        if current := current_request.get():
            current.note_principal(principal)
        return principal

    def count_request(self, principal: Principal) -> RateLimiter:
        """Counts a request before more of it is read, and returns the principal's limiter. Raises RequestRefused."""
        rate_limiter = self.rate_limiters.for_principal(principal)
        try:
            rate_limiter.count_request()
        except RateLimited as error:
            refusal_headers = rate_limiter.headers() | {"Retry-After": str(error.retry_after)}
            raise RequestRefused(TOO_MANY_REQUESTS, str(error), refusal_headers) from error
        return rate_limiter
