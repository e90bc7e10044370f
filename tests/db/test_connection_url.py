"""Checks that URLs are read as libpq reads them, and that what the driver cannot do is refused by name."""

import socket
import ssl
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError
from sqlalchemy import make_url

from db.connection_url import ConnectionUrl
from db.driver import ConnectionSettings
from db.preflight import check_database
from domain.errors import DatabaseUnusable, ServiceUnavailable
from server.settings import Settings
from tests.harness.postgres_proxy import postgres_proxy

PARAMETERS = [
    *("host", "hostaddr", "port", "dbname", "user", "password", "passfile", "require_auth", "channel_binding"),
    *("connect_timeout", "client_encoding", "options", "application_name", "fallback_application_name"),
    *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "replication"),
    *("gssencmode", "sslmode", "requiressl", "sslnegotiation", "sslcompression", "sslcert", "sslkey", "sslkeylogfile"),
    *("sslpassword", "sslcertmode", "sslrootcert", "sslcrl", "sslcrldir", "sslsni", "requirepeer"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "min_protocol_version", "max_protocol_version"),
    *("krbsrvname", "gsslib", "gssdelegation", "scram_client_key", "scram_server_key", "service", "servicefile"),
    *("target_session_attrs", "load_balance_hosts"),
    *("oauth_issuer", "oauth_client_id", "oauth_client_secret", "oauth_scope"),
]
"""The parameters that the documentation of libpq lists for PostgreSQL 18."""


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("postgresql:///notes", ()),
        ("postgresql://", ()),
        ("postgres://ada:secret@db/notes", (("db", None),)),
        ("postgresql+asyncpg://db:5433/notes", (("db", 5433),)),
        ("postgresql://one:5433,two:5434/notes", (("one", 5433), ("two", 5434))),
        ("postgresql://one,two:5434/notes", (("one", None), ("two", 5434))),
        ("postgresql:///notes?host=one,two&port=5433", (("one", 5433), ("two", 5433))),
        ("postgresql:///notes?host=one,two&port=5433,", (("one", 5433), ("two", None))),
        ("postgresql://[::1]:5433,[2001:db8::1]/notes", (("::1", 5433), ("2001:db8::1", None))),
        ("postgresql://%2Frun%2Fpg/notes", (("/run/pg", None),)),
        ("postgresql://ada@/notes?host=/run/pg&port=5433", (("/run/pg", 5433),)),
        ("postgresql://ignored/notes?host=db", (("db", None),)),
        ("postgresql://?hostaddr=127.0.0.1", (("127.0.0.1", None),)),
        ("postgresql://:5433/notes", (("localhost", 5433),)),
    ],
)
def test_hosts(url: str, hosts: tuple[tuple[str, int | None], ...]) -> None:
    assert ConnectionUrl.parse(url).hosts == hosts
    assert len(ConnectionUrl.parse(url).attempts()) == max(len(hosts), 1)


@pytest.mark.parametrize(
    ("url", "user", "password", "database"),
    [
        ("postgresql://ada:s%40cret%2F%3A@db/my%20notes", "ada", "s@cret/:", "my notes"),
        ("postgresql://ada:s@cret/:@db/notes", "ada", "s@cret/:", "notes"),
        ("postgresql://db/?user=ada&password=a+b&dbname=notes", "ada", "a+b", "notes"),
        ("postgresql://ada:,@db/notes", "ada", ",", "notes"),
    ],
)
def test_credentials(url: str, user: str, password: str, database: str) -> None:
    parsed = ConnectionUrl.parse(url)
    assert [parsed.parameters[name] for name in ("user", "password", "dbname")] == [user, password, database]
    dsn = urlsplit(parsed.attempts()[0]["dsn"])
    assert parse_qs(dsn.query)["password"] == [password]


def problem_of(url: str) -> str | None:
    try:
        ConnectionUrl.parse(url)
    except DatabaseUnusable as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_of_libpq_is_understood_or_refused_by_name(name: str) -> None:
    problem = problem_of(f"postgresql:///notes?{name}=1")
    assert problem is None or (name in problem and "there is no parameter" not in problem and "\n" not in problem)


UNDERSTOOD = [
    "target_session_attrs=read-write",
    "load_balance_hosts=random",
    "sslrootcert=system",
    "sslrootcert=system&sslmode=verify-full&sslnegotiation=direct",
    "fallback_application_name=mine",
    "channel_binding=prefer",
    "gssencmode=disable",
    "client_encoding=UTF8",
    "sslmode=require&ssl_min_protocol_version=TLSv1.3",
    "pgbouncer=true",
    "connect_timeout=0",
    "options=-c%20work_mem%3D1MB",
    "passfile=/nowhere&service=none&krbsrvname=postgres",
    "replication=false&requiressl=1&sslcompression=0&sslsni=1&tcp_user_timeout=0&keepalives=1",
    "sslcert=",
]


@pytest.mark.parametrize("query", UNDERSTOOD)
def test_what_is_understood(query: str) -> None:
    assert ConnectionUrl.parse(f"postgresql://db/notes?{query}").attempts()


REFUSED = {
    "require_auth=scram-sha-256": "require_auth is not supported",
    "channel_binding=require": "channel_binding must be prefer or disable",
    "gssencmode=require": "gssencmode must be",
    "hostaddr=127.0.0.1": "hostaddr is not supported beside host",
    "sslmode=on": "sslmode must be disable or allow",
    "sslrootcert=system&sslmode=require": "sslrootcert=system needs sslmode=verify-full",
    "sslnegotiation=direct": "sslnegotiation=direct needs",
    "target_session_attrs=master": "target_session_attrs must be any or read-write",
    "load_balance_hosts=round-robin": "load_balance_hosts must be",
    "client_encoding=LATIN1": "client_encoding must be",
    "connect_timeout=soon": "connect_timeout must be a number",
    "port=0": "port must be a number from 1 to 65535",
    "port=1,2": "2 ports for 1 hosts",
    "ssl_mode=require": "no parameter ssl_mode: did you mean sslmode",
    "search_path=x": "no parameter search_path",
    "sslmode": "sslmode has no value",
    "SSL mode=a": "what follows the ? are no parameters",
    "password=%zz": "password has a %",
    "password=%ff": "password is not UTF-8",
    "password=%00": "password has a zero byte",
    "user=a&replication=database": "replication must be",
}


@pytest.mark.parametrize("query", REFUSED)
def test_what_is_refused(query: str) -> None:
    with pytest.raises(DatabaseUnusable) as caught:
        ConnectionUrl.parse(f"postgresql://db/notes?{query}")
    assert REFUSED[query] in str(caught.value)
    with pytest.raises(ValidationError, match="database_url"):
        Settings.model_validate({"database_url": f"postgresql://db/notes?{query}"})


@pytest.mark.parametrize(
    "url",
    [
        "db/notes",
        "mysql://db/notes",
        "host=db dbname=notes",
        "postgresql://db:port/notes",
        "postgresql://db:99999/notes",
        "postgresql://d b/notes",
        "postgresql://a:b:c/notes",
        "postgresql://one:1,two:2,three:x/notes",
        "postgresql://[::g]/notes",
    ],
)
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(DatabaseUnusable) as caught:
        ConnectionUrl.parse(url)
    assert "\n" not in str(caught.value)


def parameters(url: str, **options: Any) -> Any:
    return ConnectionUrl.parse(url, **options).parameters


def test_of_several_hosts_the_one_that_can_be_written_to_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parameters("postgresql://one,two/notes")["target_session_attrs"] == "read-write"
    assert "target_session_attrs" not in parameters("postgresql://one/notes")
    assert "target_session_attrs" not in parameters("postgresql://one,two/notes", read_only=True)
    assert parameters("postgresql://one,two/?target_session_attrs=any")["target_session_attrs"] == "any"
    monkeypatch.setenv("PGTARGETSESSIONATTRS", "primary")
    assert "target_session_attrs" not in parameters("postgresql://one,two/notes")


def test_the_name_of_the_application() -> None:
    assert parameters("postgresql:///")["application_name"] == "rapporteur"
    assert parameters("postgresql:///?fallback_application_name=b")["application_name"] == "b"
    assert parameters("postgresql:///?fallback_application_name=b&application_name=a")["application_name"] == "a"


def test_the_certificates_of_the_system_are_those_that_python_trusts() -> None:
    (arguments,) = ConnectionUrl.parse("postgresql://db/notes?sslrootcert=system").attempts()
    assert arguments["ssl"].verify_mode is ssl.CERT_REQUIRED
    assert arguments["ssl"].check_hostname
    assert "sslmode" not in arguments["dsn"]


async def test_a_file_that_is_not_there_is_no_database_that_is_away(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="sslrootcert="):
        await check_database(f"postgresql://127.0.0.1:1/notes?sslmode=verify-ca&sslrootcert={tmp_path}/none")


@pytest.mark.slow
async def test_a_server_without_tls_is_no_database_that_is_away(database_url: str) -> None:
    with postgres_proxy(database_url) as (url, _):
        through = make_url(url).update_query_dict({"sslmode": "require"}).render_as_string(hide_password=False)
        with pytest.raises(DatabaseUnusable, match="sslmode=prefer"):
            await check_database(through)


@pytest.mark.slow
async def test_of_several_hosts_those_that_do_not_answer_are_passed_over(database_url: str) -> None:
    """Checks a host that refuses, one that is silent, and that the next connection goes to the right one at once."""
    url = make_url(database_url)
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as silent,
        closing(socket.create_server(("127.0.0.1", 0))) as gone,
    ):
        closed, port = gone.getsockname()[1], silent.getsockname()[1]
        gone.close()
        hosts = f"127.0.0.1,127.0.0.1,{url.query['host']}"
        several = url.update_query_dict({"host": hosts, "port": f"{closed},{port},{url.query['port']}"})
        settings = ConnectionSettings(several, connect_timeout=1.5, statement_timeout=5)
        for _ in range(2):
            connection = await settings.connect()
            assert await connection.fetchval("SELECT 1") == 1
            await connection.close()
            silent.close()  # it is asked no more


@pytest.mark.slow
async def test_no_host_that_can_be_written_to_is_a_database_that_is_away(database_url: str, postgres: Any) -> None:
    name = make_url(database_url).database
    postgres.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(ServiceUnavailable, match="target attribute"):
        await check_database(f"{database_url}&target_session_attrs=read-write")
