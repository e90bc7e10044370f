"""Commands that run the server, or look after its database."""

import asyncio
import logging
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import RapporteurError
from schema.schema import schema as built
from server import logging as logs
from server.app import load_documents
from server.cli.options import DatabaseUrl, DataDir, fail, read_settings
from server.graphiql import is_vendored
from server.middleware.cors import check_origins
from server.process import uvicorn_server as serving
from server.process.bootstrap import database_url, prepare, ready_to_serve
from server.wire.graphql_files import SDL

logger = logging.getLogger("rapporteur")


def serve(
    host: Annotated[str | None, typer.Option(envvar="RAPPORTEUR_HOST", help="Default: 127.0.0.1")] = None,
    port: Annotated[
        int | None, typer.Option(envvar="RAPPORTEUR_PORT", help="Default: 8000; 0 takes a free one.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(envvar="RAPPORTEUR_WORKERS", help="Processes that serve. Default: 1")
    ] = None,
    database_url_: DatabaseUrl = None,
    data_dir: DataDir = None,
    origins: Annotated[
        str | None,
        typer.Option(
            envvar="RAPPORTEUR_ORIGINS",
            help="Web pages of these origins may use the server: https://app.example.com,... Default: its own only.",
        ),
    ] = None,
    hosts: Annotated[
        str | None,
        typer.Option(
            envvar="RAPPORTEUR_HOSTS",
            help="Names to answer to: api.example.com,*.example.net. Default: this machine's own; all with authentication.",
        ),
    ] = None,
    graphiql: Annotated[
        bool | None,
        typer.Option(envvar="RAPPORTEUR_GRAPHIQL", help="Serve GraphiQL. Default: without authentication only."),
    ] = None,
    introspection: Annotated[
        bool | None,
        typer.Option(
            envvar="RAPPORTEUR_INTROSPECTION",
            help="Let clients ask for the schema. Default: where GraphiQL was asked for, and without authentication.",
        ),
    ] = None,
    pool_size: Annotated[
        int | None, typer.Option(envvar="RAPPORTEUR_POOL_SIZE", help="Database connections. Default: 10")
    ] = None,
    pool_timeout: Annotated[
        float | None,
        typer.Option(envvar="RAPPORTEUR_POOL_TIMEOUT", help="Seconds to wait for a free connection. Default: 5"),
    ] = None,
    statement_timeout: Annotated[
        float | None,
        typer.Option(envvar="RAPPORTEUR_STATEMENT_TIMEOUT", help="Seconds that a statement may take. Default: 30"),
    ] = None,
    operation_timeout: Annotated[
        float | None,
        typer.Option(envvar="RAPPORTEUR_OPERATION_TIMEOUT", help="Seconds that an operation may take. Default: 30"),
    ] = None,
    auth: Annotated[
        bool | None,
        typer.Option(
            envvar="RAPPORTEUR_AUTH", help="Ask for a key or token. Default: if there are keys, or an issuer is named"
        ),
    ] = None,
    insecure: Annotated[
        bool | None,
        typer.Option(
            "--insecure",
            envvar="RAPPORTEUR_INSECURE",
            help="Serve other machines without asking for keys.",
        ),
    ] = None,
    oidc_issuer: Annotated[
        str | None, typer.Option(envvar="RAPPORTEUR_OIDC_ISSUER", help="Whose tokens are good beside keys: their iss.")
    ] = None,
    oidc_audience: Annotated[
        str | None, typer.Option(envvar="RAPPORTEUR_OIDC_AUDIENCE", help="The aud of tokens for this server.")
    ] = None,
    oidc_jwks: Annotated[
        str | None, typer.Option(envvar="RAPPORTEUR_OIDC_JWKS", help="The issuer's keys: a URL, or a file.")
    ] = None,
    oidc_workspace_claim: Annotated[
        str | None,
        typer.Option(
            envvar="RAPPORTEUR_OIDC_WORKSPACE_CLAIM", help="The claim with the workspace. Default: all are of one"
        ),
    ] = None,
    oidc_scopes_claim: Annotated[
        str | None,
        typer.Option(envvar="RAPPORTEUR_OIDC_SCOPES_CLAIM", help="The claim with the scopes. Default: scope"),
    ] = None,
    rate_requests: Annotated[
        int | None,
        typer.Option(envvar="RAPPORTEUR_RATE_REQUESTS", help="A minute for each key; 0: any. Default: 6000"),
    ] = None,
    rate_cost: Annotated[
        int | None,
        typer.Option(envvar="RAPPORTEUR_RATE_COST", help="Cost a minute for each key; 0: any. Default: 10000000"),
    ] = None,
    max_key_operations: Annotated[
        int | None,
        typer.Option(envvar="RAPPORTEUR_MAX_KEY_OPERATIONS", help="At once for each key; 0: any. Default: 50"),
    ] = None,
    max_key_subscriptions: Annotated[
        int | None,
        typer.Option(envvar="RAPPORTEUR_MAX_KEY_SUBSCRIPTIONS", help="At once for each key; 0: any. Default: 1000"),
    ] = None,
    trusted_documents: Annotated[
        Path | None,
        typer.Option(
            envvar="RAPPORTEUR_TRUSTED_DOCUMENTS",
            readable=False,
            help="A folder of the only documents to execute, or: operations. Default: all are.",
        ),
    ] = None,
    apq: Annotated[
        bool | None,
        typer.Option(envvar="RAPPORTEUR_APQ", help="Apollo's automatic persisted queries. Default: yes"),
    ] = None,
    max_body: Annotated[
        int | None, typer.Option(envvar="RAPPORTEUR_MAX_BODY", help="Bytes of a request. Default: 16 MiB")
    ] = None,
    max_cost: Annotated[
        int | None, typer.Option(envvar="RAPPORTEUR_MAX_COST", help="Of an operation, in fields. Default: 100000")
    ] = None,
    max_depth: Annotated[
        int | None, typer.Option(envvar="RAPPORTEUR_MAX_DEPTH", help="Fields in each other. Default: 15")
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(envvar="RAPPORTEUR_MAX_TOKENS", help="Of a document. Default: 2000")
    ] = None,
    fast_executor: Annotated[
        bool | None,
        typer.Option(envvar="RAPPORTEUR_FAST_EXECUTOR", help="Else graphql-core executes alone. Default: yes"),
    ] = None,
    max_connections: Annotated[
        int | None,
        typer.Option(envvar="RAPPORTEUR_MAX_CONNECTIONS", help="Open streams of one process. Default: 10000"),
    ] = None,
    max_operations: Annotated[
        int | None,
        typer.Option(envvar="RAPPORTEUR_MAX_OPERATIONS", help="At once on one WebSocket. Default: 100"),
    ] = None,
    max_message: Annotated[
        int | None, typer.Option(envvar="RAPPORTEUR_MAX_MESSAGE", help="Bytes of a WebSocket message. Default: 1 MiB")
    ] = None,
    init_timeout: Annotated[
        float | None,
        typer.Option(envvar="RAPPORTEUR_INIT_TIMEOUT", help="Seconds for a WebSocket's connection_init. Default: 10"),
    ] = None,
    send_timeout: Annotated[
        float | None,
        typer.Option(envvar="RAPPORTEUR_SEND_TIMEOUT", help="Seconds a client may take to read. Default: 10"),
    ] = None,
    ping_interval: Annotated[
        float | None,
        typer.Option(envvar="RAPPORTEUR_PING_INTERVAL", help="Seconds of silence before a ping. Default: 30"),
    ] = None,
    log_level: Annotated[
        str | None, typer.Option(envvar="RAPPORTEUR_LOG_LEVEL", help="debug, info, warning or error. Default: info")
    ] = None,
    demo: Annotated[
        bool | None,
        typer.Option(envvar="RAPPORTEUR_DEMO", help="Load a small demo into an empty database. Default: yes"),
    ] = None,
    workspace_id: Annotated[
        str | None, typer.Option(envvar="RAPPORTEUR_WORKSPACE_ID", help="The workspace served, a UUID.")
    ] = None,
    workspace_name: Annotated[
        str | None, typer.Option(envvar="RAPPORTEUR_WORKSPACE_NAME", help="Its name. Default: default")
    ] = None,
    search_language: Annotated[
        str | None,
        typer.Option(
            envvar="RAPPORTEUR_SEARCH_LANGUAGE", help="Of its transcripts. Default: as it was; english if new."
        ),
    ] = None,
) -> None:
    """Serve the API and GraphiQL: starts the embedded PostgreSQL if no other is named, migrates, and listens."""
    options = dict(locals())
    settings = read_settings(database_url=options.pop("database_url_"), **options)
    logs.configure(settings.log_level)
    # uvicorn raises the signal that ended it once more: leave then through the blocks below, not past them.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        load_documents(settings)  # here, where a mistake in one can still be told
        with database_url(settings) as url:
            settings = asyncio.run(ready_to_serve(settings, url))
            check_origins(settings.origins, authenticated=bool(settings.auth))
            if not settings.auth:
                logger.warning("no key is asked for: whoever reaches the server may do everything")
            if settings.serves_graphiql and not is_vendored():
                logger.warning("GraphiQL's files are not installed: run make install, which gets them from npm")
            serving.serve(settings, url)
    except RapporteurError as error:
        raise fail(error) from error


def migrate(database_url_: DatabaseUrl = None, data_dir: DataDir = None) -> None:
    """Bring the database to the newest schema (serve does so too)."""
    settings = read_settings(database_url=database_url_, data_dir=data_dir)
    try:
        with database_url(settings) as url:
            asyncio.run(prepare(settings, url, demo=False))
    except RapporteurError as error:
        raise fail(error) from error
    print("The database is at the newest schema.")  # noqa: T201


def demo(database_url_: DatabaseUrl = None, data_dir: DataDir = None) -> None:
    """Load the demo into a database without agents and meetings."""
    settings = read_settings(database_url=database_url_, data_dir=data_dir)
    try:
        with database_url(settings) as url:
            loaded = asyncio.run(prepare(settings, url, demo=True))
    except RapporteurError as error:
        raise fail(error) from error
    typer.echo(
        "Loaded two agents and a meeting." if loaded else "There are agents or meetings already: nothing changed."
    )


def print_database_url(database_url_: DatabaseUrl = None, data_dir: DataDir = None) -> None:
    """Print the database's URL for psql and other tools.

    The embedded PostgreSQL is started if it does not run; it stops when the last `rapporteur serve` on its data ends.
    """
    settings = read_settings(database_url=database_url_, data_dir=data_dir)
    try:
        with database_url(settings, keep_running=True) as url:
            typer.echo(url)
    except RapporteurError as error:
        raise fail(error) from error


def schema(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; left out: standard output.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say whether the snapshot in graphql/ is true.")] = False,
) -> None:
    """Print the schema in GraphQL's schema definition language."""
    sdl = built.as_str() + "\n"
    if check:
        if SDL.read_text() != sdl:
            raise fail("graphql/schema.graphql is not what the code says: run make schema")
    elif output:
        output.write_text(sdl)
    else:
        typer.echo(sdl, nl=False)
