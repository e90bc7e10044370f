"""Checks before the start that the server may be reached as it is configured: by other machines only with authentication."""

from db.database import Database
from domain.errors import RapporteurError
from server.settings import Settings
from server.wire.hosts_and_origins import is_loopback


class UnsafeExposure(RapporteurError):
    """The server would do everything for everybody who reaches it."""


async def resolve_auth(settings: Settings, database: Database) -> Settings:
    """Returns the settings with `auth` decided: unless set, true if there are keys or an issuer. Raises UnsafeExposure."""
    auth = settings.auth
    if auth is None:
        auth = settings.oidc_issuer is not None or await database.credentials.any_key_exists()
    if not auth and not settings.insecure and not is_loopback(settings.host):
        raise UnsafeExposure(
            f"on {settings.host} others than this machine reach the server, and it asks nobody who they are."
            " Make a key (rapporteur keys create NAME --scope admin), or set RAPPORTEUR_AUTH=true, or name an issuer"
            " (RAPPORTEUR_OIDC_ISSUER); or say --insecure if something else keeps others away"
        )
    return settings.model_copy(update={"auth": auth})
