"""Tokens of an OpenID Connect issuer (JWT, RFC 7519), signed with a key of its key set (JWKS, RFC 7517)."""

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import jwt

from domain.history import ACTOR
from domain.ids import WorkspaceId, uuid
from domain.principals import Principal, Scope, Scopes, with_included
from domain.validation import Violation
from server.settings import Settings

logger = logging.getLogger("rapporteur.auth")

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Asymmetric ones: whoever can verify a token must not be able to make it."""
CLOCK_SKEW_SECONDS = 30
"""Seconds by which the issuer's clock may differ."""
KEY_SET_MAX_AGE_SECONDS = 300.0
"""Seconds after which the key set is read anew: so long is a key good that the issuer has withdrawn."""
KEY_SET_RETRY_SECONDS = 10.0
"""Seconds at least between two readings, whatever tokens name."""
ISSUER_TIMEOUT_SECONDS = 5.0
"""Seconds in which the issuer must answer."""
MAX_KEY_SET_BYTES = 256 * 1024
"""Bytes of a key set."""
SCOPE_PREFIX = "rapporteur:"
"""May stand before the scopes, where the issuer's are those of many services."""


class OidcIssuer:
    """The issuer that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._read_at = -KEY_SET_MAX_AGE_SECONDS
        self._tried_at = -KEY_SET_MAX_AGE_SECONDS
        self._reading = asyncio.Lock()

    async def principal(self, token: str) -> Principal | None:
        """Who the token is of; None if it is not good."""
        try:
            key = await self._key(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self._settings.oidc_audience,
                issuer=self._settings.oidc_issuer,
                leeway=CLOCK_SKEW_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
            return self._principal(claims)
        except (jwt.PyJWTError, Violation, ValueError, TypeError, OverflowError, OSError, RecursionError) as error:
            logger.info("a token is refused: %s", type(error).__name__)
            return None

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        subject = str(ACTOR(claims["sub"]))
        claim = self._settings.oidc_workspace_claim
        workspace = self._settings.workspace_id if claim is None else uuid(claims.get(claim))
        return Principal(
            WorkspaceId(workspace),
            f"sub:{subject}",
            subject,
            with_included(_scopes(claims.get(self._settings.oidc_scopes_claim))),
            expires_at=datetime.fromtimestamp(int(claims["exp"]) + CLOCK_SKEW_SECONDS, UTC),
        )

    async def _key(self, kid: object) -> jwt.PyJWK | None:
        """The key of that name; a token that names none is of the only one."""
        for fresh_for in (KEY_SET_MAX_AGE_SECONDS, KEY_SET_RETRY_SECONDS):  # a new name may be that of a new key
            if time.monotonic() - self._read_at > fresh_for:  # else nobody waits for a reading that is under way
                async with self._reading:
                    now = time.monotonic()
                    if now - self._read_at > fresh_for and now - self._tried_at > KEY_SET_RETRY_SECONDS:
                        self._tried_at = now
                        await self._read()
            if kid is None and len(self._keys) == 1:
                return next(iter(self._keys.values()))
            if isinstance(kid, str) and kid in self._keys:
                return self._keys[kid]
        return None

    async def _read(self) -> None:
        source = self._settings.oidc_jwks
        assert source is not None
        try:
            if source.startswith(("http://", "https://")):
                async with asyncio.timeout(ISSUER_TIMEOUT_SECONDS):  # in all; httpx's is for each part of the answer
                    content = await _fetched(source)
            else:
                content = await asyncio.to_thread(Path(source).read_bytes)
            self._keys = {key.key_id: key for key in jwt.PyJWKSet.from_json(content.decode()).keys}
            self._read_at = time.monotonic()
        except (httpx.HTTPError, OSError, ValueError, TypeError, jwt.PyJWTError) as error:
            # The keys of before stay good meanwhile. The URL may hold a secret, and errors quote it: neither is logged.
            why = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else type(error).__name__
            logger.warning("the issuer's keys cannot be read from RAPPORTEUR_OIDC_JWKS: %s", why)


async def _fetched(url: str) -> bytes:
    """The content, of which no more is read than a key set may have. Raises httpx.HTTPError, or ValueError."""
    content = bytearray()
    async with httpx.AsyncClient() as client, client.stream("GET", url) as response:
        response.raise_for_status()
        async for part in response.aiter_bytes():
            content += part
            if len(content) > MAX_KEY_SET_BYTES:
                raise ValueError(f"more than {MAX_KEY_SET_BYTES} bytes")
    return bytes(content)


def _scopes(claim: object) -> Scopes:
    """Of `read write` or `["read", "write"]`; what else the claim has is for others."""
    words = claim.split() if isinstance(claim, str) else claim if isinstance(claim, list) else []
    # Some other letters become these in capitals.
    plain = (word for word in words if isinstance(word, str) and word.isascii())
    names = {word.lower().removeprefix(SCOPE_PREFIX).upper() for word in plain}
    return frozenset(Scope[name] for name in names & Scope.__members__.keys())
