"""`/graphql` over HTTP (github.com/graphql/graphql-over-http): a response, a stream of events, or GraphiQL."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from graphql import OperationType
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.errors import InvalidInput
from domain.principals import Principal
from resolvers.context import Context
from server.auth.actor import actor_name
from server.auth.guard import TOO_MANY_REQUESTS, Guard
from server.auth.rate_limits import HeldMemory
from server.current_request import current_request
from server.graphiql import graphiql_page
from server.http.sse import EventStream
from server.middleware.csrf import check_csrf
from server.operations.consistency_tokens import with_header_token
from server.operations.runner import OperationRunner
from server.settings import Settings
from server.wire.connection_limit import ConnectionLimit, TooManyConnections
from server.wire.content_negotiation import GRAPHQL_RESPONSE, JSON, AcceptedTypes, content_type, parse_accept
from server.wire.headers import CONSISTENCY_HEADER, Headers, request_headers
from server.wire.refusals import CLIENT_CLOSED_REQUEST, RequestRefused, error_response
from server.wire.request_errors import RequestErrors, encode_errors
from server.wire.requests import GraphQLRequest, checked_request, json_from_body, request_from_url
from server.wire.responses import HoldAnswer, body_response

_QUERY, _SUBSCRIPTION = OperationType.QUERY, OperationType.SUBSCRIPTION  # to ask the enum for a member takes longer
COST_HEADER = b"rapporteur-cost"
"""With any value it asks for the cost, as `extensions: {"cost": true}` in the body does."""


class GraphQLEndpoint:
    """The ASGI app that answers `POST` of JSON, `GET` and `HEAD` of queries, and a browser's `GET` with GraphiQL."""

    def __init__(
        self,
        runner: OperationRunner,
        guard: Guard,
        new_context: Callable[[Principal, str], Context],
        settings: Settings,
        connection_limit: ConnectionLimit,
        closing: asyncio.Event,
    ) -> None:
        """`new_context` makes the context of an operation; `closing` is set when the server stops, and ends streams."""
        self._runner = runner
        self._guard = guard
        self._new_context = new_context
        self._settings = settings
        self._max_body_bytes, self._body_timeout = settings.max_body, settings.operation_timeout
        self._compression_threshold = settings.compression_threshold
        self._connection_limit = connection_limit
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = request_headers(scope)
        accepts = parse_accept(headers.get(b"accept", b""))
        response: ASGIApp
        held = HeldMemory()
        try:
            response = await self._respond(scope, headers, accepts, receive, held)
        except RequestRefused as refused:
            response = error_response(refused.message, refused.status, refused.headers, accepts.single or JSON)
        except ClientDisconnect:
            response = Response(status_code=CLIENT_CLOSED_REQUEST)
        except Exception as error:  # if it were raised, the connection would close before the client has read why
            errors = RequestErrors.from_exception(error)
            response = Response(encode_errors(errors), errors.status, media_type=content_type(accepts.single or JSON))
        finally:
            held.release()
        if not isinstance(response, EventStream):
            await response(scope, receive, send)
            return
        try:
            with self._connection_limit.hold(), self._guard.sessions.track(response.principal, response.end):
                await response(scope, receive, send)
        except TooManyConnections:
            await error_response("too many connections: try again later", 503)(scope, receive, send)

    async def _respond(
        self, scope: Scope, headers: Headers, accepts: AcceptedTypes, receive: Receive, held: HeldMemory
    ) -> ASGIApp:
        """Returns the response, which may be a stream that has not begun. Raises RequestRefused, or ClientDisconnect.

        `held` gets what counts the memory of the body.
        """
        method = scope["method"]
        is_get = method in ("GET", "HEAD")
        if is_get:
            if accepts.prefers_html or (accepts.html and not scope["query_string"]):
                if not self._settings.serves_graphiql:
                    raise RequestRefused(404, "there is no GraphiQL here: send a POST with the document as JSON")
                return graphiql_page()
            check_csrf(headers)
        elif method != "POST":
            allowed = {"Allow": "GET, HEAD, POST"}
            raise RequestRefused(405, "send a POST with the document as JSON, or a GET of a query", allowed)
        principal = await self._guard.principal(headers)
        rate_limiter = self._guard.count_request(principal)
        if is_get:
            request = request_from_url(scope["query_string"])
        else:
            held.budget = rate_limiter.bodies
            body = await json_from_body(scope, headers, receive, self._max_body_bytes, self._body_timeout, held.add)
            request = checked_request(body)
        if accepts.single is None and (is_get or not accepts.event_stream):
            raise RequestRefused(406, f"the answer can be {GRAPHQL_RESPONSE} or {JSON}, or text/event-stream to a POST")
        if COST_HEADER in headers:
            request = replace(request, extensions={**(request.extensions or {}), "cost": True})
        request = with_header_token(request, headers)
        if request.operation_name is not None and (current := current_request.get()):
            current.operation = request.operation_name
        context = self._new_context(principal, _actor(principal, headers))
        if accepts.single is None:
            return self._event_stream(request, context)
        more_headers: dict[str, str] = {}
        hold: HoldAnswer = rate_limiter.answers.hold
        try:
            prepared = self._runner.prepare(request)
            kind = prepared.operation.operation
            if is_get and kind is not _QUERY:
                raise RequestRefused(405, f"a {kind.value} needs a POST", {"Allow": "POST"})
            if kind is _SUBSCRIPTION:
                # Some clients (urql) accept events in every request: only a subscription is answered with them.
                if accepts.event_stream:
                    return self._event_stream(request, context)
                raise RequestRefused(400, "a subscription needs a WebSocket, or the header Accept: text/event-stream")
            executed = await self._runner.execute(prepared, context, receive)
            answer, status, is_complete = executed.body, 200, not executed.errors
            if kind is not _QUERY:
                hold = partial(rate_limiter.answers.hold, is_refused=False)
            if executed.written is not None:
                more_headers = {CONSISTENCY_HEADER: str(executed.written)}
        except RequestErrors as error:
            answer, status, is_complete = (encode_errors(error),), error.status, False
            if error.retry_after is not None:
                more_headers = {"Retry-After": str(error.retry_after)}
        if accepts.single != GRAPHQL_RESPONSE and status != TOO_MANY_REQUESTS:
            status = 200
        return await body_response(
            answer,
            status,
            accepts.single,
            headers,
            rate_limiter.headers() | more_headers,
            vary=("Accept", "Authorization") if is_get else (),
            compression_threshold=self._compression_threshold,
            is_revalidated=is_get and is_complete,
            hold=hold,
        )

    def _event_stream(self, request: GraphQLRequest, context: Context) -> EventStream:
        return EventStream(self._runner.stream(request, context), context.principal, self._closing, self._settings)


def _actor(principal: Principal, headers: Headers) -> str:
    try:
        return actor_name(principal, headers)
    except InvalidInput as error:
        raise RequestRefused(400, str(error)) from error
