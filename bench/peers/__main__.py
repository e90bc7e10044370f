"""`python -m bench.peers`: the data of the comparison in our tables, and our server on them."""

import argparse
import asyncio
import os
import sys
import tempfile

import asyncpg

from bench.peers.hooks import DATABASE, EPOCH, STATES
from db.database import Database
from db.migrate import migrate
from domain.configs import VALUE_FIELDS
from domain.ids import DEFAULT_WORKSPACE_ID, VariantId

_LOCALE = "TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
"""The locale of the embedded database, in which words are folded for the search at less cost than by the C library."""
_CONFIG = ", ".join(VALUE_FIELDS)
_STATE = "CASE state " + " ".join(f"WHEN '{word}' THEN '{state}'" for word, state in STATES.items()) + " END"
_AGE = f"timestamptz '{EPOCH}' + row_number() OVER (ORDER BY slug) * interval '1 minute' - interval '1 minute'"


def _event(aggregate: str, source: str, aggregate_id: str = "id") -> str:
    """Returns the query for the events that have made the rows: the database takes no row without its event."""
    return f"""SELECT '{DEFAULT_WORKSPACE_ID}'::uuid, id, 1, '{aggregate}', {aggregate_id}, 'CREATED', 'bench', '{{}}'::jsonb
        FROM {source}"""


_EVENT = "workspace_id, entity_id, version, aggregate, aggregate_id, kind, actor, changes"
_TABLES = (
    ("events", _EVENT, _event("AGENT", "agents")),
    ("events", _EVENT, _event("AGENT", "agent_variants", "agent_id")),
    ("events", _EVENT, _event("MEETING", "meetings")),
    (
        "agents",
        f"workspace_id, id, slug, name, description, created_at, updated_at, {_CONFIG}",
        f"SELECT '{DEFAULT_WORKSPACE_ID}'::uuid, id, slug, name, description, {_AGE}, {_AGE}, {_CONFIG} FROM agents",
    ),
    (
        "agent_variants",
        f"workspace_id, id, agent_id, slug, name, description, {_CONFIG}",
        f"SELECT '{DEFAULT_WORKSPACE_ID}'::uuid, id, agent_id, slug, name, '', {_CONFIG} FROM agent_variants",
    ),
    (
        "meetings",
        "workspace_id, id, title, state, change_seq, last_segment_id, created_at, updated_at",
        f"""SELECT '{DEFAULT_WORKSPACE_ID}'::uuid, id, title, {_STATE}, least(segment_seq, 1),
            greatest(segment_seq - 1, 0)::int, created_at, created_at FROM meetings""",
    ),
    (
        "segments",
        "workspace_id, meeting_id, segment_id, text, speaker, start_time, end_time, is_final, change_seq",
        f"""SELECT '{DEFAULT_WORKSPACE_ID}'::uuid, meeting_id, segment_id, text, speaker, start_time, end_time, true, 1::int8
            FROM segments ORDER BY meeting_id, segment_id""",
    ),
)


async def load(source: str) -> str:
    """Makes our database beside the comparison's, with the same data in it, and returns its URL."""
    theirs = await asyncpg.connect(source)
    url = source.rpartition("/")[0] + f"/{DATABASE}"
    try:
        await theirs.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        await theirs.execute(f"CREATE DATABASE {DATABASE} {_LOCALE}")
        database = Database(url)
        await migrate(database.engine)
        ours = await asyncpg.connect(url)
        try:
            for table, columns, query in _TABLES:
                with tempfile.TemporaryFile() as rows:
                    await theirs.copy_from_query(query, output=rows, format="binary")
                    rows.seek(0)
                    await ours.copy_to_table(table, source=rows, columns=columns.split(", "), format="binary")
            active = await theirs.fetch(
                "SELECT active_variant_id AS id FROM agents WHERE active_variant_id IS NOT NULL"
            )
            for row in active:
                async with database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
                    await uow.agents.activate(VariantId(row["id"]))
                    await uow.commit()
            await ours.execute("VACUUM (ANALYZE)")
        finally:
            await ours.close()
            await database.close()
    finally:
        await theirs.close()
    return url


def serve() -> None:
    """Loads the data and becomes the server, as the comparison's environment says: `DATABASE_URL`, `POOL`, `PORT`."""
    settings = {
        "DATABASE_URL": asyncio.run(load(os.environ["DATABASE_URL"])),
        "POOL_SIZE": os.environ["POOL"],
        "PORT": os.environ["PORT"],
        "WORKERS": "1",
        "DEMO": "false",
        "LOG_LEVEL": "warning",  # the others log no requests either
    }
    environment = os.environ | {f"RAPPORTEUR_{name}": value for name, value in settings.items()}
    os.execve(sys.executable, [sys.executable, "-c", "from server.cli import app; app()", "serve"], environment)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="load what $DATABASE_URL has, and serve it")
    loading = commands.add_parser("load", help="only load it")
    loading.add_argument("--from", dest="source", required=True, metavar="URL", help="the comparison's database")
    options = parser.parse_args()
    if options.command == "serve":
        serve()
    else:
        print(asyncio.run(load(options.source)))  # noqa: T201


if __name__ == "__main__":
    main()
