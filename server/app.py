"""Assembles the ASGI app."""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from db.database import Database
from db.driver import query_loggers
from db.workspaces import workspaces_by_age
from domain.ids import WorkspaceId
from domain.principals import Principal
from resolvers.context import Context
from resolvers.live.registry import HubRegistry
from resolvers.retention import Retention
from resolvers.worker_threads import run_in_worker
from schema.documents.limits import Limits
from schema.schema import schema
from server.auth.authenticator import Authenticator, OpenAccess
from server.auth.guard import Guard
from server.auth.rate_limits import RateLimiters, RateLimits
from server.auth.sessions import Sessions
from server.console import CONSOLE_PATH, console_routes
from server.database import create_database
from server.graphiql import graphiql_routes
from server.http.endpoint import GraphQLEndpoint
from server.http.health import health_routes
from server.metrics.endpoint import metrics_route
from server.metrics.families import ProcessMetrics
from server.metrics.processes import WorkerMetrics
from server.middleware.allowed_hosts import AllowedHosts
from server.middleware.cors import check_origins, cors
from server.middleware.every_request import EveryRequest
from server.middleware.refused_origins import RefusedOrigins
from server.ofrep.endpoint import OfrepEndpoint, ofrep_routes
from server.operations.persisted_documents import PersistedDocuments, load_trusted_documents
from server.operations.runner import OperationRunner
from server.operations.statistics import OperationStatistics, known_names
from server.settings import Settings
from server.shutdown import on_stop_signal
from server.tracing import is_tracing
from server.webhooks.payloads import PayloadBuilder
from server.webhooks.receiver_addresses import AddressResolver
from server.webhooks.sender import WebhookSender
from server.websocket.endpoint import WebSocketEndpoint
from server.wire.connection_limit import ConnectionLimit
from server.wire.graphql_files import OPERATIONS
from server.wire.refusals import error_response

SWITCH_INTERVAL_SECONDS = 0.001
"""The time that a worker thread (see `executor.worker`) runs on when the event loop has something to do."""

TRUSTED_PROXIES = ("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")
"""uvicorn's variable, and its default, for the proxies whose `X-Forwarded-Proto` goes into redirects: nothing else needs it."""


def load_documents(settings: Settings) -> PersistedDocuments:
    """Returns the documents that requests may name. Raises RapporteurError if the trusted documents cannot be used."""
    trusted = None if settings.trusted_documents is None else load_trusted_documents(settings.trusted_documents)
    return PersistedDocuments(trusted, apq=settings.apq)


def create_guard(settings: Settings, database: Database) -> Guard:
    """Returns the guard. Without authentication there are no limits either, because clients cannot be told apart."""
    if not settings.auth:
        open_access = OpenAccess(WorkspaceId(settings.workspace_id))
        return Guard(open_access, RateLimiters(RateLimits()), Sessions(database))
    issuer = None
    if settings.oidc_issuer:
        from server.auth.oidc import OidcIssuer  # with an HTTP client and cryptography, which few servers need

        issuer = OidcIssuer(settings)
    return Guard(Authenticator(database, issuer), RateLimiters(RateLimits.from_settings(settings)), Sessions(database))


def create_retention(settings: Settings, database: Database) -> Retention | None:
    """Returns the retention of the workspaces that the server serves; None if meetings are kept, or it only reads."""
    if settings.retention_days is None or settings.read_only:
        return None

    async def workspaces() -> list[WorkspaceId]:
        if not settings.auth:
            return [WorkspaceId(settings.workspace_id)]
        return [WorkspaceId(id) for id, _ in await workspaces_by_age(database.engine)]

    return Retention(database, settings.retention_days, workspaces)


def create_app(settings: Settings, database_url: str, metrics_directory: Path | None = None) -> Starlette:
    """Returns the app on a database that is migrated and has the workspace (see `server.process.bootstrap`).

    `metrics_directory` is a folder that all workers of the server share, if there are several.
    The app's state has `database`, and once it runs `stop`, which ends open streams and may be called from any thread.
    """
    check_origins(settings.origins, authenticated=bool(settings.auth))
    database = create_database(settings, database_url)
    hubs = HubRegistry(database)
    guard = create_guard(settings, database)
    limits = Limits(settings.max_cost, settings.max_depth, settings.max_tokens)
    limited = schema.limited(
        limits,
        introspection=settings.serves_introspection,
        suggestions=settings.serves_suggestions,
        fast=settings.fast_executor,
    )
    documents = load_documents(settings)
    statistics = OperationStatistics(known_names(documents.trusted_texts))
    tracing = None
    new_runner: Callable[..., OperationRunner] = OperationRunner
    if is_tracing():
        from server.tracing.runner import TracedRunner  # with OpenTelemetry, which few servers have
        from server.tracing.spans import Tracing

        tracing = Tracing()
        new_runner = partial(TracedRunner, tracing)
        query_loggers.append(tracing.statement)
    runner = new_runner(
        limited, documents, guard.rate_limiters, statistics, settings.operation_timeout, settings.max_answer
    )
    connection_limit = ConnectionLimit(settings.max_connections)
    closing = asyncio.Event()
    process_metrics = ProcessMetrics(database, hubs, connection_limit, statistics)
    worker_metrics = None if metrics_directory is None else WorkerMetrics(metrics_directory)

    def new_context(principal: Principal, actor: str) -> Context:
        return Context(database, hubs, principal, actor, check_webhook_document)

    payloads = PayloadBuilder(runner, new_context)
    check_webhook_document = payloads.check

    addresses = AddressResolver(settings.webhook_networks)
    webhook_sender = WebhookSender(database, payloads, addresses, settings.webhook_concurrency)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        tune_garbage_collector()
        sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
        loop = asyncio.get_running_loop()
        app.state.stop = lambda: loop.call_soon_threadsafe(closing.set)
        on_stop_signal(app.state.stop)
        services = [database.notifier.run(), guard.sessions.run(), guard.authenticator.run()]
        if database.replicas is not None:
            services.append(database.replicas.run())
        if retention := create_retention(settings, database):
            services.append(retention.run())
        if settings.webhook_concurrency and not settings.read_only:
            services.append(webhook_sender.run())
        if worker_metrics is not None:
            services.append(worker_metrics.run(process_metrics.collect))
        tasks = [asyncio.create_task(service) for service in services]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await hubs.close()
            await database.close()
            if tracing is not None:
                query_loggers.remove(tracing.statement)
                await run_in_worker(tracing.shutdown)

    endpoint = GraphQLEndpoint(runner, guard, new_context, settings, connection_limit, closing)
    websocket_endpoint = WebSocketEndpoint(runner, guard, new_context, settings, connection_limit)
    graphql = Route("/graphql", endpoint)
    origins = cors(settings.origins)
    graphql_app: ASGIApp = endpoint.__call__  # to call the object takes longer
    for cls, args, kwargs in origins:
        graphql_app = cls(graphql_app, *args, **kwargs)
    behind_proxies: Any = ProxyHeadersMiddleware  # uvicorn's types of ASGI are not Starlette's
    app = EveryRequest(
        graphql.path,
        graphql_app,
        AllowedHosts(settings.allowed_hosts),
        RefusedOrigins(settings.origins),
        routes=[
            graphql,
            WebSocketRoute("/graphql", websocket_endpoint),
            *ofrep_routes(OfrepEndpoint(runner, guard, new_context, settings)),
            *health_routes(database),
            metrics_route(process_metrics, worker_metrics, guard, WorkspaceId(settings.workspace_id)),
            Route("/", _redirect_to(CONSOLE_PATH if settings.serves_console else "/graphql")),
            *(console_routes() if settings.serves_console else ()),
            *(graphiql_routes(OPERATIONS) if settings.serves_graphiql else ()),
        ],
        middleware=[Middleware(behind_proxies, os.environ.get(*TRUSTED_PROXIES)), *origins],
        exception_handlers={HTTPException: _http_error},
        lifespan=lifespan,
    )
    app.state.database = database
    return app


def tune_garbage_collector() -> None:
    """Leaves what exists now out of the cyclic garbage collector, and lets it run more rarely than after each response.

    What lives from the start on, and what comes later and stays, is mostly caches.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _redirect_to(path: str) -> Callable[[Request], Awaitable[Response]]:
    """Returns a handler that leads from the root to a path, below any prefix that a proxy has taken away."""

    async def redirect(_: Request) -> Response:
        return RedirectResponse(path.removeprefix("/"))

    return redirect


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return error_response(error.detail, error.status_code, error.headers)
