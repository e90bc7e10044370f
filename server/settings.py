"""The settings of a server: environment variables `RAPPORTEUR_*`, each also an option of `rapporteur serve`.

A setting is declared here and nowhere else: the options, their help and the tables of `docs/settings.md` are derived from
its name, type, range, default and description.
"""

from pathlib import Path
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from db.connection_url import ConnectionUrl
from domain.errors import DatabaseUnusable
from domain.ids import DEFAULT_WORKSPACE_ID
from domain.search import language as language_rule
from schema.documents.limits import MAX_NESTING, Limits
from server.wire.graphql_files import OPERATIONS
from server.wire.hosts_and_origins import ANY, LOOPBACK_HOSTS, is_loopback, parse_hosts, parse_networks, parse_origins

ENV_PREFIX = "RAPPORTEUR_"
_DOCUMENT_LIMITS = Limits()


class Unit(str):
    """The unit of a number, as an annotation of a setting's type."""


Seconds = Annotated[float, Unit("seconds")]
Bytes = Annotated[int, Unit("bytes")]
Names = Annotated[tuple[str, ...], NoDecode]
"""Names that are written with commas between them."""
Urls = Annotated[tuple[str, ...], NoDecode, BeforeValidator(lambda url: url.split() if isinstance(url, str) else url)]
"""URLs that are written with spaces between them, as one may have commas in it."""


def split_names(value: object) -> object:
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


class NetworkSettings(BaseModel):
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(
        8000, ge=0, le=65535, description="The port to listen on. 0 takes a free one, which the log names."
    )
    workers: int = Field(1, ge=1, le=64, description="Processes that serve, on one port.")
    hosts: Names = Field(
        (),
        description="Names to answer to: `api.example.com,*.example.net`, or `*`."
        " By default this machine's own without authentication, else all.",
    )
    origins: Names = Field(
        (),
        description="Origins whose web pages may use the server, beside its own: `https://app.example.com,...`;"
        " `*` with authentication only.",
    )

    keep_alive_timeout: Annotated[int, Unit("seconds")] = Field(
        75,
        ge=1,
        le=3600,
        description="Time that an idle HTTP connection stays open. It must be longer than load balancers keep theirs, which"
        " would otherwise send requests into connections that close: 60 seconds are usual.",
    )

    compression_threshold: Bytes = Field(
        4096,
        ge=0,
        description="Size from which responses to operations are compressed with gzip, for clients that accept it."
        " 0 switches compression off. Event streams and WebSockets are never compressed.",
    )

    @field_validator("hosts", "origins", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        return split_names(value)

    @field_validator("hosts")
    @classmethod
    def _parse_hosts(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return parse_hosts(names)

    @field_validator("origins")
    @classmethod
    def _parse_origins(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return parse_origins(names)


class DatabaseSettings(BaseModel):
    database_url: str | None = Field(
        None,
        repr=False,
        description="Any PostgreSQL from 15 on: `postgresql://user:password@host:5432/database`, with the parameters of"
        " libpq: [postgresql.md](postgresql.md#urls). By default an embedded one.",
    )
    listen_url: str | None = Field(
        None,
        repr=False,
        description="A URL of the same database for `LISTEN`, where `RAPPORTEUR_DATABASE_URL` leads to a pooler:"
        " [postgresql.md](postgresql.md#poolers). By default that URL; behind a pooler, live updates then come late.",
    )
    replica_url: Urls = Field(
        (),
        repr=False,
        description="URLs of replicas for queries, with spaces between: [replicas](high-availability.md#replicas).",
    )
    replica_max_lag: Seconds = Field(
        5.0, ge=1, le=30, description="Time that a replica may be behind before queries leave it out."
    )
    pooler: bool | None = Field(
        None,
        description="A pooler such as PgBouncer stands before the database, so nothing is left on its connections."
        " By default that is found out.",
    )
    read_only: bool = Field(
        False,
        description="Serve queries and subscriptions only, as on a standby: mutations are `FORBIDDEN`, and the database is"
        " neither migrated nor given a workspace.",
    )
    data_dir: Path | None = Field(
        None,
        description="The folder where the embedded PostgreSQL keeps its data. By default that of the installation:"
        " [starting.md](starting.md#where-the-data-is).",
    )
    demo: bool = Field(True, description="Load the demo into a workspace in which nothing was ever written.")
    workspace_id: UUID = Field(
        DEFAULT_WORKSPACE_ID,
        description="The workspace of a server without authentication, and of the demo. It is made if it does not exist.",
    )
    workspace_name: str = Field(
        "default", min_length=1, max_length=200, description="The name of a workspace that is made."
    )
    search_language: str | None = Field(
        None,
        description="The language of the workspace's transcripts, for search: `english`, `german`, ... or `simple`."
        " Another one has them indexed anew. By default as it was, and `english` in a new workspace.",
    )
    pool_size: int = Field(10, ge=1, le=1000, description="Database connections of each process.")
    pool_timeout: Seconds = Field(
        5.0, gt=0, le=60, description="Time that a request waits for a connection, before `SERVICE_UNAVAILABLE`."
    )
    statement_timeout: Seconds = Field(
        30.0, gt=0, le=3600, description="Time that an SQL statement may take, before `SERVICE_UNAVAILABLE`."
    )

    @field_validator("database_url", "listen_url", "replica_url")
    @classmethod
    def _check_postgresql(cls, value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        for url in (value,) if isinstance(value, str) else value or ():
            try:
                ConnectionUrl.parse(url)
            except DatabaseUnusable as error:
                raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _check_reads(self) -> Self:
        if self.read_only and self.replica_url:
            raise ValueError("RAPPORTEUR_READ_ONLY does not go with RAPPORTEUR_REPLICA_URL: it reads one database only")
        return self

    @field_validator("search_language")
    @classmethod
    def _check_language(cls, language: str | None) -> str | None:
        return None if language is None else language_rule(language)


class AuthenticationSettings(BaseModel):
    auth: bool | None = Field(
        None, description="Ask for a key or token. By default if there are keys, or an issuer is named."
    )
    insecure: bool = Field(False, description="Serve other machines without asking for keys.")
    oidc_issuer: str | None = Field(None, description="The issuer whose tokens are valid beside keys: their `iss`.")
    oidc_audience: str | None = Field(None, description="The `aud` of tokens for this server.")
    oidc_jwks: str | None = Field(None, description="The issuer's key set (JWKS): a URL, or a file.")
    oidc_workspace_claim: str | None = Field(
        None, description="The claim with the workspace's id. By default all tokens are of `RAPPORTEUR_WORKSPACE_ID`."
    )
    oidc_scopes_claim: str = Field(
        "scope", description="The claim with the scopes: words in a text, or a list of them."
    )

    @model_validator(mode="after")
    def _check_issuer(self) -> Self:
        values = {name: getattr(self, name) for name in ("oidc_issuer", "oidc_audience", "oidc_jwks")}
        if any(values.values()) and not all(values.values()):
            missing = next(name for name, value in values.items() if not value)
            raise ValueError(f"an issuer needs {variable(missing)} too")
        if self.auth is False and self.oidc_issuer:
            raise ValueError("RAPPORTEUR_AUTH=false does not go with an issuer, whose tokens nobody would look at")
        return self


class KeyLimitSettings(BaseModel):
    rate_requests: int = Field(
        6_000, ge=0, description="Requests a minute for each key or subject, in each process. 0 sets no limit."
    )
    rate_cost: int = Field(
        10_000_000, ge=0, description="Cost a minute for each key or subject, in each process. 0 sets no limit."
    )
    max_key_operations: int = Field(
        50,
        ge=0,
        description="Concurrent queries and mutations for each key or subject, in each process. 0 sets no limit.",
    )
    max_key_subscriptions: int = Field(
        1_000, ge=0, description="Concurrent subscriptions for each key or subject, in each process. 0 sets no limit."
    )
    max_key_memory: Bytes = Field(
        256 * 1024 * 1024,
        ge=0,
        description="Memory, as estimated, that the documents and variables of the open subscriptions of a key or subject may"
        " take in each process; and as much again for the bodies of requests that are under way, and for answers that"
        " are not read yet. 0 sets no limit.",
    )


class GraphQLSettings(BaseModel):
    graphiql: bool | None = Field(None, description="Serve GraphiQL. By default without authentication only.")
    console: bool | None = Field(
        None, description="Serve the [console](console.md). By default where GraphiQL is served."
    )
    introspection: bool | None = Field(
        None,
        description="Let clients ask for the schema. By default where GraphiQL was asked for, and without authentication.",
    )
    trusted_documents: Path | None = Field(
        None,
        description="A folder of the only documents to execute, or `operations`: those of `graphql/operations/`."
        " By default all are executed.",
    )
    apq: bool = Field(True, description="Support Apollo's automatic persisted queries.")
    operation_timeout: Seconds = Field(
        30.0,
        gt=0,
        le=3600,
        description="Time that a query, a mutation or an event of a subscription may take, before `SERVICE_UNAVAILABLE`."
        " It also bounds the arrival of a request's body.",
    )
    max_body: Bytes = Field(16 * 1024 * 1024, ge=1024, description="Size of a request's body.")
    max_answer: Bytes = Field(
        64 * 1024 * 1024,
        ge=1024 * 1024,
        description="Size of the answer to an operation, or of an event: what would be larger is an error.",
    )
    max_cost: int = Field(
        _DOCUMENT_LIMITS.max_cost,
        ge=1,
        description="What an operation may cost, in fields of one row: [limits.md](limits.md).",
    )
    max_depth: int = Field(_DOCUMENT_LIMITS.max_depth, ge=1, le=MAX_NESTING, description="Fields nested in each other.")
    max_tokens: int = Field(
        _DOCUMENT_LIMITS.max_tokens,
        ge=1,
        le=100_000,
        description="Tokens of a document, and its fields with fragments written out.",
    )
    fast_executor: bool = Field(
        True,
        description="Execute operations level by level: [executor.md](executor.md)."
        " Otherwise graphql-core executes them alone, slower and to the same answers.",
    )

    @field_validator("trusted_documents")
    @classmethod
    def _check_folder(cls, path: Path | None) -> Path | None:
        path = OPERATIONS if path == Path("operations") else path
        if path is not None and not path.is_dir():
            raise ValueError(f"must be a folder, or the word operations: there is no folder {path}")
        return path


class LiveSettings(BaseModel):
    max_connections: int = Field(10_000, ge=1, description="WebSockets and event streams, together, of each process.")
    max_operations: int = Field(100, ge=1, description="Concurrent operations on one WebSocket.")
    max_message: Bytes = Field(1024 * 1024, ge=1024, description="Size of a WebSocket message.")
    init_timeout: Seconds = Field(
        10.0, gt=0, le=600, description="Time that a WebSocket client may take for its `connection_init`."
    )
    send_timeout: Seconds = Field(
        10.0,
        gt=0,
        le=600,
        description="Time that a client may take to read what is sent, before its connection is ended.",
    )
    ping_interval: Seconds = Field(
        30.0, gt=0, le=3600, description="Time that a connection may be silent before it is asked for a sign of life."
    )


class RetentionSettings(BaseModel):
    retention_days: Annotated[int | None, Unit("days")] = Field(
        None,
        ge=1,
        le=36_500,
        description="Time after which meetings that have ended are erased, also deleted ones:"
        " [operations.md](operations.md#retention-and-holds). By default they are kept.",
    )


class WebhookSettings(BaseModel):
    webhook_concurrency: int = Field(
        100,
        ge=0,
        le=10_000,
        description="Requests to receivers of [webhooks](webhooks.md) at once, of each process. 0 sends nothing from this"
        " server, and leaves that to others.",
    )
    webhook_networks: Names = Field(
        (),
        description="Private networks that webhooks may lead into, also without encryption: `10.1.0.0/16,127.0.0.1/32`."
        " By default none.",
    )

    @field_validator("webhook_networks", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        return split_names(value)

    @field_validator("webhook_networks")
    @classmethod
    def _parse_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        return parse_networks(networks)


class LoggingSettings(BaseModel):
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe messages to log; `info` has a line for each request."
    )


GROUPS: dict[str, type[BaseModel]] = {
    "Network": NetworkSettings,
    "Database": DatabaseSettings,
    "Authentication": AuthenticationSettings,
    "Limits of a key": KeyLimitSettings,
    "GraphQL": GraphQLSettings,
    "Live updates": LiveSettings,
    "Retention": RetentionSettings,
    "Webhooks": WebhookSettings,
    "Logging": LoggingSettings,
}
"""The groups of settings by their titles, in the order of the help and the documentation."""


class Settings(
    NetworkSettings,
    DatabaseSettings,
    AuthenticationSettings,
    KeyLimitSettings,
    GraphQLSettings,
    LiveSettings,
    RetentionSettings,
    WebhookSettings,
    LoggingSettings,
    BaseSettings,
):
    """The settings of a server, group by group."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, env_ignore_empty=True, hide_input_in_errors=True)

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """The names of hosts that the server answers to.

        Without `hosts`, an open server that only this machine reaches answers to the names of this machine.
        """
        if self.hosts:
            return self.hosts
        if self.auth or self.insecure or not is_loopback(self.host):
            return (ANY,)
        return (*LOOPBACK_HOSTS, self.host)

    @property
    def serves_graphiql(self) -> bool:
        return self.trusted_documents is None and (not self.auth if self.graphiql is None else self.graphiql)

    @property
    def serves_console(self) -> bool:
        return self.serves_graphiql if self.console is None else self.console

    @property
    def serves_introspection(self) -> bool:
        return bool(self.graphiql) or not self.auth if self.introspection is None else self.introspection

    @property
    def serves_suggestions(self) -> bool:
        """Tells whether messages say "Did you mean", which tells the schema to whoever guesses."""
        return self.serves_introspection and not self.auth and self.trusted_documents is None


def variable(name: str) -> str:
    """Returns the environment variable of a setting."""
    return ENV_PREFIX + name.upper()


def option(name: str) -> str:
    """Returns the command-line option of a setting."""
    return "--" + name.replace("_", "-")
