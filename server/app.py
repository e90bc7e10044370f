"""The ASGI app."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute

from db.database import Database
from db.migrate import current_revision, is_current
from domain.errors import ServiceUnavailable
from domain.ids import WorkspaceId
from resolvers.context import Context
from resolvers.hub import Hub
from schema.limits import Limits
from schema.schema import schema
from server.documents import Documents, read_trusted
from server.graphiql import graphiql_routes
from server.limits import Places
from server.logs import RequestLog
from server.operations import OPERATIONS
from server.refusals import error_response
from server.settings import Settings
from server.stopping import tell_of_stop
from server.streams import Streams
from server.view import GraphQLView
from server.websocket import WebSocketEndpoint


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


def create_app(settings: Settings, database_url: str) -> Starlette:
    """The app on a database that is migrated and has the workspace (see `server.prepare`)."""
    database = open_database(settings, database_url)
    hub = Hub(database, WorkspaceId(settings.workspace_id))
    limited = schema.limited(
        Limits(settings.max_cost, settings.max_depth, settings.max_tokens), fast=settings.fast_executor
    )
    streams = Streams(limited, open_documents(settings), settings.operation_timeout)
    places = Places(settings.max_connections)
    closing = asyncio.Event()

    def new_context(actor: str) -> Context:
        return Context(database, hub, actor)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # What lives from here on is mostly caches: keep the cyclic collector off it, and from running for every answer.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        loop = asyncio.get_running_loop()
        app.state.stop = lambda: loop.call_soon_threadsafe(closing.set)
        tell_of_stop(app.state.stop)
        live = [asyncio.create_task(task) for task in (database.bell.run(), hub.run())]
        try:
            yield
        finally:
            for task in live:
                task.cancel()
            await asyncio.gather(*live, return_exceptions=True)
            await hub.close()
            await database.close()

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        try:
            revision = await current_revision(database.engine)
        except ServiceUnavailable as error:
            return JSONResponse({"status": "unavailable", "reason": str(error)}, 503)
        if not is_current(revision):
            return JSONResponse({"status": "unavailable", "reason": "the database is not migrated"}, 503)
        return JSONResponse({"status": "ok", "revision": revision})

    async def home(request: Request) -> Response:
        return RedirectResponse("/graphql")

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return error_response(error.detail, error.status_code, error.headers)

    app = Starlette(
        routes=[
            Route("/graphql", GraphQLView(streams, new_context, settings, places, closing)),
            WebSocketRoute("/graphql", WebSocketEndpoint(streams, new_context, settings, places)),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/", home),
            *(graphiql_routes(OPERATIONS) if settings.trusted_documents is None else ()),
        ],
        middleware=[Middleware(RequestLog)],
        exception_handlers={HTTPException: refused},
        lifespan=lifespan,
    )
    app.state.database = database
    return app
