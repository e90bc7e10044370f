"""`/graphql` over HTTP: Strawberry's view with our JSON, our errors and our GraphiQL."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

from cross_web import HTTPException
from graphql import OperationType
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.types import ExecutionResult

from domain.errors import InvalidInput
from resolvers.context import Context
from schema.schema import RapporteurSchema
from server.actors import actor_of
from server.graphiql import graphiql_page
from server.json import decode_json, encode_json
from server.limits import Places, TooManyConnections
from server.settings import Settings
from server.sse import EventStream
from server.streams import RequestErrors, Streams

COST_HEADER = "Rapporteur-Cost"
"""With any value asks for the cost, as `extensions: {"cost": true}` in the body does."""


class GraphQLView(GraphQL[Context, None]):
    """Answers `POST` of `application/json`, with events where the client asks for them, and browsers' `GET` with GraphiQL."""

    def __init__(
        self,
        schema: RapporteurSchema,
        streams: Streams,
        new_context: Callable[[str], Context],
        settings: Settings,
        places: Places,
        closing: asyncio.Event,
    ) -> None:
        """`closing` is set when the server stops: streams end then."""
        super().__init__(schema, allow_queries_via_get=False, subscription_protocols=())
        self._streams = streams
        self._new_context = new_context
        self._settings = settings
        self._places = places
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answers = await self._answers_as_events(request)
            response = await self.run(request) if answers is None else None
        except HTTPException as error:
            answers, response = None, error_response(error.reason, error.status_code)
        if answers is None:
            assert response is not None
            await response(scope, receive, send)
            return
        try:
            with self._places.one():
                await EventStream(answers, self._closing, self._settings)(scope, receive, send)
        except TooManyConnections:
            await error_response("too many connections: try again later", 503)(scope, receive, send)

    async def _answers_as_events(self, request: Request) -> AsyncGenerator[bytes, None] | None:
        """The answers to be sent as events; None where the client is to get one answer.

        Some clients (urql) list events in every request: where JSON would do as well, only a subscription is answered so.
        """
        accept = request.headers.get("accept", "")
        if request.method != "POST" or "text/event-stream" not in accept:
            return None
        data = await self.parse_http_body(self.request_adapter_class(request))
        assert isinstance(data, GraphQLRequestData)
        assert data.query is not None
        if ("json" in accept or "*/*" in accept) and not self._is_subscription(data):
            return None
        request.state.operation = data.operation_name
        context = self._new_context(_actor(request))
        return self._streams.answers(data.query, data.variables, data.operation_name, context, data.extensions)

    async def get_context(self, request: Any, response: Any) -> Context:
        return self._new_context(_actor(request))

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        if request.method != "GET":
            return False
        if "text/html" in request.headers.get("accept", ""):
            return True
        raise HTTPException(
            405, "send a POST with the document as JSON; only browsers are answered a GET, with GraphiQL"
        )

    async def render_graphql_ide(self, request: Request) -> Response:
        return await graphiql_page(request)

    async def parse_http_body(self, request: Any) -> GraphQLRequestData | list[GraphQLRequestData]:
        data = await super().parse_http_body(request)
        assert isinstance(data, GraphQLRequestData)  # `parse_json` refuses lists
        if not isinstance(data.operation_name, str | None):
            raise HTTPException(400, "operationName must be a string or null")
        if not data.query:
            raise HTTPException(400, "query must be a GraphQL document")
        if COST_HEADER in request.headers:
            data.extensions = {**(data.extensions or {}), "cost": True}
        return data

    async def execute_single(self, request: Request, *args: Any, **options: Any) -> ExecutionResult:
        data: GraphQLRequestData = options["request_data"]
        request.state.operation = data.operation_name  # for the request's line in the log
        if self._is_subscription(data):
            raise HTTPException(400, "a subscription needs a WebSocket, or the header Accept: text/event-stream")
        return await super().execute_single(request, *args, **options)

    def _is_subscription(self, data: GraphQLRequestData) -> bool:
        """Whether the request is a valid subscription; what is wrong with another is said when it is executed."""
        try:
            _, operation = self._streams.operation(data.query or "", data.operation_name)
        except RequestErrors:
            return False
        return operation.operation is OperationType.SUBSCRIPTION

    def parse_json(self, data: str | bytes) -> Any:
        try:
            parsed = decode_json(data)
        except (ValueError, RecursionError) as error:
            raise HTTPException(400, f"the body is not JSON: {error}") from error
        if not isinstance(parsed, dict):
            raise HTTPException(400, "the body must be a JSON object with the field query (batches are not supported)")
        return parsed

    def encode_json(self, data: object) -> bytes:
        return encode_json(data)


def _actor(request: Request) -> str:
    try:
        return actor_of(request.headers)
    except InvalidInput as error:
        raise HTTPException(400, str(error)) from error


def error_response(message: str, status: int) -> Response:
    """A refusal of the whole request, in the form of a GraphQL error."""
    away = {"code": "SERVICE_UNAVAILABLE", "retryAfter": 1}
    body = {"errors": [{"message": message, "extensions": {"code": "BAD_USER_INPUT"} if status < 500 else away}]}
    headers = {"Allow": "POST"} if status == 405 else None
    return Response(encode_json(body), status, headers, media_type="application/json")
