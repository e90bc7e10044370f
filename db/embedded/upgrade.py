"""Takes the data of an older PostgreSQL over into a cluster of the present version: a dump that is loaded and counted."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from db.embedded.cluster_replacement import finish_replacement, new_cluster
from db.embedded.dumps import dump, load, snapshot
from db.embedded.os_account import Account
from db.embedded.postmaster import ensure_postmaster
from db.embedded.programs import POSTGRES_MAJOR, find_postgres
from domain.errors import DatabaseUnusable

logger = logging.getLogger("rapporteur.database")

_OTHER_DATABASES = (
    "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> current_database() ORDER BY 1"
)


def upgrade_cluster(cluster: Path, account: Account, major: int) -> None:
    """Replaces the cluster, which is that of an older PostgreSQL, by one of the present version with the same data.

    The older one is kept beside it, as it is. Nobody else may use the data directory at the same time.

    Raises DatabaseUnusable if there are no programs of its version here, or if it holds other databases than Rapporteur's,
    which would be left behind.
    """
    if major > POSTGRES_MAJOR:
        raise DatabaseUnusable(
            f"the data in {cluster} are those of PostgreSQL {major}, and this is {POSTGRES_MAJOR}: install the newer"
            " Rapporteur that made them"
        )
    postgres = find_postgres(major, account)
    if postgres is None:
        raise DatabaseUnusable(
            f"the data in {cluster} are those of PostgreSQL {major}, and this is {POSTGRES_MAJOR}: install PostgreSQL {major},"
            " whose programs are needed once; or let the Rapporteur that made them write a backup (rapporteur backup FILE),"
            " and restore that into another folder (rapporteur restore FILE --data-dir FOLDER)"
        )
    logger.warning("the data are those of PostgreSQL %s, and are taken over into %d now", major, POSTGRES_MAJOR)
    with new_cluster(cluster, account) as url:
        old = ensure_postmaster(cluster, account, postgres)
        try:
            rows = asyncio.run(_copy(old.url, url, account))
        finally:
            old.stop()
    kept = finish_replacement(cluster)
    logger.warning("%d rows were taken over; the data of PostgreSQL %s are kept in %s", sum(rows.values()), major, kept)


async def _copy(old: str, new: str, account: Account) -> Mapping[str, int]:
    """Loads a dump of one database into another, and returns the numbers of rows of both, which must agree."""
    async with snapshot(old) as before:
        await _refuse_others(old)
        load(new, dump(before, account), account)
    async with snapshot(new) as after:
        after.check_rows(before.rows)
    return before.rows


async def _refuse_others(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        others = [row[0] for row in await connection.fetch(_OTHER_DATABASES)]
    finally:
        await connection.close()
    if others:
        raise DatabaseUnusable(
            f"PostgreSQL is not upgraded, as there are other databases beside Rapporteur's: {', '.join(others)};"
            " move them to another PostgreSQL, and drop them here"
        )
