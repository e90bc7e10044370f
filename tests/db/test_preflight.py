"""Checks the messages about databases that cannot be used, before anything is done to them."""

import secrets
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from db import preflight
from db.embedded import embedded_postgres
from db.preflight import check_database, require_current, without_password
from db.schema_revisions import head
from domain.errors import DatabaseUnusable, ServiceUnavailable
from tests.harness.databases import TestPostgres, postgres_directory

pytestmark = pytest.mark.slow

NEWER, OLDER = "9999", "0001"


@pytest.fixture
def empty_url(postgres: TestPostgres) -> Iterator[str]:
    """A database that was never migrated."""
    with postgres.database("template0") as url:
        yield url


@contextmanager
def role(postgres: TestPostgres, url: str, *statements: str) -> Iterator[str]:
    """A role of its own, made by the statements, where `guest` stands for its name; gives the database's URL for it."""
    name = f"guest_{secrets.token_hex(4)}"  # roles are the cluster's, and so are the rules of its hba file
    postgres.run_in(url, *(statement.replace("guest", name) for statement in ("CREATE ROLE guest LOGIN", *statements)))
    try:
        yield make_url(url).set(username=name).render_as_string(hide_password=False)
    finally:
        postgres.run_in(url, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


async def problem_of(url: str) -> str:
    with pytest.raises(DatabaseUnusable) as caught:
        await check_database(url)
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def test_a_database_that_can_be_used_says_its_revision(database_url: str, empty_url: str) -> None:
    assert await check_database(database_url) == head()
    assert await check_database(empty_url) is None


async def test_commands_need_the_newest_schema(postgres: TestPostgres, database_url: str, empty_url: str) -> None:
    await require_current(database_url)
    with pytest.raises(DatabaseUnusable, match="rapporteur serve"):
        await require_current(empty_url)
    set_revision(postgres, database_url, OLDER)
    with pytest.raises(DatabaseUnusable, match=f"{OLDER}.*{head()}.*rapporteur migrate"):
        await require_current(database_url)


async def test_the_schema_of_a_newer_version(postgres: TestPostgres, database_url: str) -> None:
    set_revision(postgres, database_url, NEWER)
    assert f"{NEWER}, of a newer Rapporteur" in await problem_of(database_url)


def set_revision(postgres: TestPostgres, url: str, revision: str) -> None:
    postgres.run_in(url, f"UPDATE alembic_version SET version_num = '{revision}'")


async def test_a_postgresql_that_is_too_old(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "MINIMUM_MAJOR", 99)
    assert "99 or newer" in await problem_of(database_url)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
async def test_an_encoding_that_cannot_hold_every_text(postgres: TestPostgres, encoding: str) -> None:
    with postgres.database(f"template0 ENCODING '{encoding}' LOCALE_PROVIDER libc LOCALE 'C'") as url:
        assert encoding in await problem_of(url)


async def test_a_role_whose_transactions_are_read_only(postgres: TestPostgres, database_url: str) -> None:
    with role(postgres, database_url, "ALTER ROLE guest SET default_transaction_read_only = on") as url:
        assert "default_transaction_read_only" in await problem_of(url)


async def test_a_role_that_may_only_read(postgres: TestPostgres, database_url: str) -> None:
    with role(postgres, database_url, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest") as url:
        assert "GRANT SELECT, INSERT, UPDATE, DELETE" in await problem_of(url)


async def test_a_role_that_may_not_even_read_the_revision(postgres: TestPostgres, database_url: str) -> None:
    with role(postgres, database_url) as url:
        assert "permission denied for table alembic_version" in await problem_of(url)


async def test_a_role_that_may_make_no_tables(postgres: TestPostgres, empty_url: str) -> None:
    with role(postgres, empty_url) as url:
        assert f"GRANT CREATE ON SCHEMA public TO {make_url(url).username}" in await problem_of(url)


async def test_a_database_or_role_that_is_not_there(postgres: TestPostgres) -> None:
    assert 'database "nowhere" does not exist; make it' in await problem_of(postgres.url_of("nowhere"))
    url = make_url(postgres.url).set(username="nobody_known").render_as_string()
    assert 'role "nobody_known" does not exist' in await problem_of(url)


async def test_a_wrong_password(postgres: TestPostgres) -> None:
    with role(postgres, postgres.url, "ALTER ROLE guest PASSWORD 'right'") as url:
        name = make_url(url).username
        rules = f"VALUES (''local all {name} scram-sha-256''), (''local all all trust'')"
        postgres.run(
            f"DO $$ BEGIN EXECUTE format('COPY ({rules}) TO %L', current_setting('hba_file')); END $$",
            "SELECT pg_reload_conf()",
        )
        wrong = make_url(url).set(password="wrong-secret").render_as_string(hide_password=False)
        said = await problem_of(wrong)
    assert f'password authentication failed for user "{name}"' in said
    assert "PGPASSWORD" in said
    assert "wrong-secret" not in said


async def test_a_standby() -> None:
    with postgres_directory() as path:
        with embedded_postgres(path):
            pass
        (path / "postgres" / "standby.signal").touch()
        with embedded_postgres(path) as url:
            assert "is a standby" in await problem_of(url)


async def unavailable(url: str) -> str:
    with pytest.raises(ServiceUnavailable) as caught:
        await check_database(url)
    assert not isinstance(caught.value, DatabaseUnusable)
    assert str(caught.value).startswith("the database does not answer: ")
    return str(caught.value)


async def test_a_database_that_does_not_answer_now(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(preflight, "CONNECT_TIMEOUT_SECONDS", 0.1)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        assert "says nothing" in await unavailable(f"postgresql://ada@127.0.0.1:{port}/x")
    assert "nothing listens" in await unavailable(f"postgresql://ada:secret@127.0.0.1:{port}/x")
    assert "is not known" in await unavailable("postgresql://ada@database.invalid/x")
    assert str(tmp_path) in await unavailable(f"postgresql://ada@/x?host={tmp_path}")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ada:secret@db:5433/notes?sslmode=require", "postgresql://ada@db:5433/notes"),
        ("postgresql://ada@/notes?host=/run/pg&password=secret", "postgresql://ada@/notes?host=/run/pg"),
        ("postgresql://ada:s@cret/@db,other:5433/notes", "postgresql://ada@db,other:5433/notes"),
        ("postgresql:///notes", "postgresql:///notes"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown
