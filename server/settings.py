"""Settings: environment variables `RAPPORTEUR_*`, each also an option of `rapporteur serve`."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from domain.ids import DEFAULT_WORKSPACE_ID
from domain.search import language as language_rule
from schema.documents.limits import MAX_NESTING, Limits
from server.middleware.allowed_hosts import ANY, LOOPBACK, is_loopback, parse_hosts
from server.middleware.cors import parse_origins
from server.wire.graphql_files import OPERATIONS

DEFAULT = Limits()

Names = Annotated[tuple[str, ...], NoDecode]
"""Written with commas between them."""


class Settings(BaseSettings):
    """How a server runs. Times are in seconds, sizes in bytes."""

    model_config = SettingsConfigDict(env_prefix="RAPPORTEUR_", env_ignore_empty=True, hide_input_in_errors=True)

    database_url: str | None = Field(None, repr=False)
    """Any PostgreSQL, 15 or newer; none: an embedded one in `data_dir`."""
    data_dir: Path = Path(".rapporteur")
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    """0: any free port, which the log then names."""
    workers: int = Field(1, ge=1, le=64)
    """Processes that serve, on one port."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    demo: bool = True
    """Load a small demo into an empty database."""
    workspace_id: UUID = DEFAULT_WORKSPACE_ID
    workspace_name: str = Field("default", min_length=1, max_length=200)
    search_language: str | None = None
    """How words are searched for in the workspace, one of `LANGUAGES`; none: as it was, and English in a new one."""

    pool_size: int = Field(10, ge=1, le=1000)
    pool_timeout: float = Field(5.0, gt=0, le=60)
    """How long a request waits for a free connection before SERVICE_UNAVAILABLE."""
    statement_timeout: float = Field(30.0, gt=0, le=3600)
    operation_timeout: float = Field(30.0, gt=0, le=3600)
    """How long a query, a mutation, or an event of a subscription may take; also, how long a request's body may."""
    max_connections: int = Field(10_000, ge=1)
    """WebSocket connections and event streams, together, in one process."""
    max_operations: int = Field(100, ge=1)
    """Operations at once on one WebSocket connection."""
    max_message: int = Field(1024 * 1024, ge=1024)
    """Of a WebSocket message."""
    init_timeout: float = Field(10.0, gt=0, le=600)
    """How long a WebSocket client may take for its connection_init."""
    send_timeout: float = Field(10.0, gt=0, le=600)
    """How long a client may take to read what is sent, before its connection is ended."""
    ping_interval: float = Field(30.0, gt=0, le=3600)
    """How long a connection may be silent before it is asked for a sign of life."""

    auth: bool | None = None
    """Whether requests must carry a key or a token. None: if there are keys, or an issuer is named."""
    insecure: bool = False
    """Serve other addresses than loopback without asking anybody who they are."""
    oidc_issuer: str | None = None
    """Whose tokens are good beside keys: the `iss` of its tokens."""
    oidc_audience: str | None = None
    """The `aud` of tokens that are for this server."""
    oidc_jwks: str | None = None
    """The issuer's keys: a URL, or a file."""
    oidc_workspace_claim: str | None = None
    """The claim with the workspace's id; none: `workspace_id` for all tokens."""
    oidc_scopes_claim: str = "scope"
    """The claim with the scopes: words in a text, or a list of them."""
    rate_requests: int = Field(6_000, ge=0)
    """A minute for each key or subject, in each process; 0: as many as they like. So the next three."""
    rate_cost: int = Field(10_000_000, ge=0)
    max_key_operations: int = Field(50, ge=0)
    """Queries and mutations at once."""
    max_key_subscriptions: int = Field(1_000, ge=0)

    origins: Names = ()
    """Web pages of these may use the server, beside its own; `*`: those of all, with authentication only."""
    hosts: Names = ()
    """Names that the server answers to, also `*.example.com`, or `*` for all. None: see `allowed_hosts`."""
    graphiql: bool | None = None
    """None: without authentication only."""
    introspection: bool | None = None
    """None: where GraphiQL was asked for, and without authentication."""

    trusted_documents: Path | None = None
    """A folder of documents, or `operations` for those of `graphql/operations/`: no others are executed. None: all are."""
    apq: bool = True
    """Keep documents that clients send with their hash, so that the hash suffices the next time (Apollo's APQ)."""
    max_body: int = Field(16 * 1024 * 1024, ge=1024)
    max_cost: int = Field(DEFAULT.max_cost, ge=1)
    """Of an operation, in fields of one row; see docs/limits.md."""
    max_depth: int = Field(DEFAULT.max_depth, ge=1, le=MAX_NESTING)
    """Fields in each other."""
    max_tokens: int = Field(DEFAULT.max_tokens, ge=1, le=100_000)
    """Of a document, and its fields with fragments written out."""

    fast_executor: bool = True
    """Execute operations level by level (`executor`); false: by graphql-core alone, to the same answers."""

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """Those that are named. An open server that only this machine reaches has the names of this machine."""
        if self.hosts:
            return self.hosts
        if self.auth or self.insecure or not is_loopback(self.host):
            return (ANY,)
        return (*LOOPBACK, self.host)

    @property
    def serves_graphiql(self) -> bool:
        return self.trusted_documents is None and (not self.auth if self.graphiql is None else self.graphiql)

    @property
    def serves_introspection(self) -> bool:
        return bool(self.graphiql) or not self.auth if self.introspection is None else self.introspection

    @field_validator("origins", "hosts", mode="before")
    @classmethod
    def _are_names(cls, text: Any) -> Any:
        return tuple(filter(None, map(str.strip, text.split(",")))) if isinstance(text, str) else text

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return parse_origins(names)

    @field_validator("hosts")
    @classmethod
    def _are_hosts(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return parse_hosts(names)

    @model_validator(mode="after")
    def _is_whole_issuer(self) -> Self:
        named = {name: getattr(self, name) for name in ("oidc_issuer", "oidc_audience", "oidc_jwks")}
        if any(named.values()) and not all(named.values()):
            missing = next(name for name, value in named.items() if not value)
            raise ValueError(f"an issuer needs RAPPORTEUR_{missing.upper()} too")
        if self.auth is False and self.oidc_issuer:
            raise ValueError("RAPPORTEUR_AUTH=false does not go with an issuer, whose tokens nobody would look at")
        return self

    @field_validator("search_language")
    @classmethod
    def _is_language(cls, language: str | None) -> str | None:
        return None if language is None else language_rule(language)

    @field_validator("trusted_documents")
    @classmethod
    def _is_folder(cls, path: Path | None) -> Path | None:
        path = OPERATIONS if path == Path("operations") else path
        if path is not None and not path.is_dir():
            raise ValueError(f"must be a folder, or the word operations: there is no folder {path}")
        return path

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, url: str | None) -> str | None:
        if url is not None:
            try:
                backend = make_url(url).get_backend_name()
            except (ArgumentError, ValueError):
                backend = None
            if backend not in ("postgresql", "postgres"):
                raise ValueError("must be a PostgreSQL URL: postgresql://user:password@host:5432/database")
        return url
