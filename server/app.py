"""The ASGI app."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute

from db.database import Database
from domain.ids import WorkspaceId
from domain.principals import Principal
from resolvers.context import Context
from resolvers.live.registry import HubRegistry
from schema.documents.limits import Limits
from schema.schema import schema
from server.auth.authenticator import Authentication, NoAuthentication
from server.auth.guard import Guard
from server.auth.oidc import Issuer
from server.auth.rate_limits import Allowances, Rates
from server.auth.sessions import Sessions
from server.graphiql import graphiql_routes
from server.http.endpoint import GraphQLView
from server.http.health import health_routes
from server.http.metrics import metrics_route
from server.middleware.access_log import RequestLog
from server.middleware.allowed_hosts import ANY, HostCheck
from server.middleware.cors import check_origins, cors
from server.middleware.graphql_fast_path import Shortcut
from server.middleware.security_headers import SecurityHeaders
from server.operations.persisted_documents import Documents, read_trusted
from server.operations.runner import Streams
from server.settings import Settings
from server.shutdown import tell_of_stop
from server.websocket.endpoint import WebSocketEndpoint
from server.wire.connection_limit import Places
from server.wire.graphql_files import OPERATIONS
from server.wire.refusals import error_response


def open_database(settings: Settings, url: str) -> Database:
    """The pool that the settings ask for; nothing is connected yet."""
    return Database(
        url,
        pool_size=settings.pool_size,
        pool_timeout=settings.pool_timeout,
        statement_timeout=settings.statement_timeout,
    )


def open_documents(settings: Settings) -> Documents:
    """The documents that requests may name. Raises RapporteurError for an allow-list that is no good."""
    trusted = None if settings.trusted_documents is None else read_trusted(settings.trusted_documents)
    return Documents(trusted, apq=settings.apq)


def open_guard(settings: Settings, database: Database) -> Guard:
    """Without authentication (see `server.process.startup_checks`) there are no limits either: nobody is told from another."""
    if not settings.auth:
        nobody = NoAuthentication(WorkspaceId(settings.workspace_id))
        return Guard(nobody, Allowances(Rates()), Sessions(database))
    issuer = Issuer(settings) if settings.oidc_issuer else None
    return Guard(Authentication(database, issuer), Allowances(Rates.of(settings)), Sessions(database))


def create_app(settings: Settings, database_url: str) -> Starlette:
    """The app on a database that is migrated and has the workspace (see `server.process.bootstrap`)."""
    database = open_database(settings, database_url)
    hubs = HubRegistry(database)
    guard = open_guard(settings, database)
    limits = Limits(settings.max_cost, settings.max_depth, settings.max_tokens)
    limited = schema.limited(limits, introspection=settings.serves_introspection, fast=settings.fast_executor)
    streams = Streams(limited, open_documents(settings), guard.allowances, settings.operation_timeout)
    places = Places(settings.max_connections)
    closing = asyncio.Event()

    def new_context(principal: Principal, actor: str) -> Context:
        return Context(database, hubs, principal, actor)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # What lives from here on is mostly caches: keep the cyclic collector off it, and from running for every answer.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        loop = asyncio.get_running_loop()
        app.state.stop = lambda: loop.call_soon_threadsafe(closing.set)
        tell_of_stop(app.state.stop)
        running = (database.notifier.run(), guard.sessions.run(), guard.authentication.run())
        live = [asyncio.create_task(task) for task in running]
        try:
            yield
        finally:
            for task in live:
                task.cancel()
            await asyncio.gather(*live, return_exceptions=True)
            await hubs.close()
            await database.close()

    async def home(request: Request) -> Response:
        return RedirectResponse("/graphql")

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return error_response(error.detail, error.status_code, error.headers)

    check_origins(settings.origins, authenticated=bool(settings.auth))
    hosts = [] if ANY in settings.allowed_hosts else [Middleware(HostCheck, settings.allowed_hosts)]
    graphql = Route("/graphql", GraphQLView(streams, guard, new_context, settings, places, closing))
    app = Starlette(
        routes=[
            graphql,
            WebSocketRoute("/graphql", WebSocketEndpoint(streams, guard, new_context, settings, places)),
            *health_routes(database),
            metrics_route(database, places, guard, WorkspaceId(settings.workspace_id)),
            Route("/", home),
            *(graphiql_routes(OPERATIONS) if settings.serves_graphiql else ()),
        ],
        middleware=[
            Middleware(RequestLog),
            Middleware(SecurityHeaders),
            *hosts,
            *cors(settings.origins),
            Middleware(Shortcut, graphql),
        ],
        exception_handlers={HTTPException: refused},
        lifespan=lifespan,
    )
    app.state.database = database
    return app
