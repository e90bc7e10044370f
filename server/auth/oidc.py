"""Verifies tokens of an OpenID Connect issuer (JWT, RFC 7519), signed with a key of its key set (JWKS, RFC 7517)."""

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
from domain.ids import WorkspaceId
from domain.principals import Principal, Scope, Scopes, with_included
from domain.rules import Violation, uuid
from server.settings import Settings

logger = logging.getLogger("rapporteur.auth")

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""The algorithms of signatures. All are asymmetric: whoever can verify a token must not be able to make one."""
CLOCK_SKEW_SECONDS = 30
"""The time by which the issuer's clock may differ."""
KEY_SET_MAX_AGE_SECONDS = 300.0
"""The age at which the key set is read anew: so long is a key accepted that the issuer has withdrawn."""
KEY_SET_RETRY_SECONDS = 10.0
"""The time at least between two readings, whatever keys the tokens name."""
ISSUER_TIMEOUT_SECONDS = 5.0
"""The time in which the issuer must answer."""
MAX_KEY_SET_BYTES = 256 * 1024
SCOPE_PREFIX = "rapporteur:"
"""A prefix that scopes may have, for issuers whose tokens carry the scopes of many services."""


class OidcIssuer:
    """The issuer that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._read_at = -KEY_SET_MAX_AGE_SECONDS
        self._tried_at = -KEY_SET_MAX_AGE_SECONDS
        self._reading = asyncio.Lock()

    async def principal(self, token: str) -> Principal | None:
        """Returns the principal of a token, or None if the token is not valid."""
        try:
            key = await self._find_key(jwt.get_unverified_header(token).get("kid"))
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
            return self._principal_of(claims)
        except (jwt.PyJWTError, Violation, ValueError, TypeError, OverflowError, OSError, RecursionError) as error:
            logger.info("a token is refused: %s", type(error).__name__)
            return None

    def _principal_of(self, claims: Mapping[str, Any]) -> Principal:
        subject = str(ACTOR(claims["sub"]))
        claim = self._settings.oidc_workspace_claim
        workspace = self._settings.workspace_id if claim is None else uuid(claims.get(claim))
        return Principal(
            WorkspaceId(workspace),
            f"sub:{subject}",
            subject,
            with_included(_parse_scopes(claims.get(self._settings.oidc_scopes_claim))),
            expires_at=datetime.fromtimestamp(int(claims["exp"]) + CLOCK_SKEW_SECONDS, UTC),
        )

    async def _find_key(self, kid: object) -> jwt.PyJWK | None:
        """Returns the key with this id, or the only key for a token that names none.

        The key set is read anew when it is old, and when it does not have the key, which may be a new one.
        """
        for max_age in (KEY_SET_MAX_AGE_SECONDS, KEY_SET_RETRY_SECONDS):
            if time.monotonic() - self._read_at > max_age:  # only requests that need a new reading wait for it
                async with self._reading:
                    now = time.monotonic()
                    if now - self._read_at > max_age and now - self._tried_at > KEY_SET_RETRY_SECONDS:
                        self._tried_at = now
                        await self._read_keys()
            if kid is None and len(self._keys) == 1:
                return next(iter(self._keys.values()))
            if isinstance(kid, str) and kid in self._keys:
                return self._keys[kid]
        return None

    async def _read_keys(self) -> None:
        """Reads the key set. If that fails, the keys read before stay valid meanwhile."""
        source = self._settings.oidc_jwks
        assert source is not None
        try:
            if source.startswith(("http://", "https://")):
                async with asyncio.timeout(
                    ISSUER_TIMEOUT_SECONDS
                ):  # httpx's own timeout is for each part of the answer
                    content = await _fetch(source)
            else:
                content = await asyncio.to_thread(Path(source).read_bytes)
            self._keys = {key.key_id: key for key in jwt.PyJWKSet.from_json(content.decode()).keys}
            self._read_at = time.monotonic()
        except (httpx.HTTPError, OSError, ValueError, TypeError, jwt.PyJWTError) as error:
            # The URL may hold a secret, and the error's text quotes it: neither is logged.
            why = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else type(error).__name__
            logger.warning("the issuer's keys cannot be read from RAPPORTEUR_OIDC_JWKS: %s", why)


async def _fetch(url: str) -> bytes:
    """Returns the content at a URL, of which it reads no more than a key set may have. Raises httpx.HTTPError, ValueError."""
    content = bytearray()
    async with httpx.AsyncClient() as client, client.stream("GET", url) as response:
        response.raise_for_status()
        async for part in response.aiter_bytes():
            content += part
            if len(content) > MAX_KEY_SET_BYTES:
                raise ValueError(f"more than {MAX_KEY_SET_BYTES} bytes")
    return bytes(content)


def _parse_scopes(claim: object) -> Scopes:
    """Returns the scopes in `read write` or `["read", "write"]`; other words in the claim are for other services."""
    words = claim.split() if isinstance(claim, str) else claim if isinstance(claim, list) else []
    # Some letters outside ASCII become ASCII letters in upper case.
    plain = (word for word in words if isinstance(word, str) and word.isascii())
    names = {word.lower().removeprefix(SCOPE_PREFIX).upper() for word in plain}
    return frozenset(Scope[name] for name in names & Scope.__members__.keys())
