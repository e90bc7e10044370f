"""Makes the database's pool from the settings."""

from db.database import Database
from server.settings import Settings


def create_database(settings: Settings, url: str) -> Database:
    """Returns the pool that the settings ask for; it has no connections yet."""
    return Database(
        url,
        pool_size=settings.pool_size,
        pool_timeout=settings.pool_timeout,
        statement_timeout=settings.statement_timeout,
        listen_url=settings.listen_url,
        pooler=settings.pooler,
        read_only=settings.read_only,
        replica_urls=settings.replica_url,
        replica_max_lag=settings.replica_max_lag,
    )
