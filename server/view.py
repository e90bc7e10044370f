"""`/graphql` over HTTP: Strawberry's view with our JSON, our errors and our GraphiQL."""

import json
from typing import Any

import orjson
from cross_web import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.types import ExecutionResult

from db.database import Database
from domain.ids import WorkspaceId
from resolvers.context import Context
from schema.schema import schema
from server.graphiql import graphiql_page


class GraphQLView(GraphQL[Context, None]):
    """Answers `POST` of `application/json`, and `GET` of browsers with GraphiQL."""

    def __init__(self, database: Database, workspace_id: WorkspaceId) -> None:
        super().__init__(schema, allow_queries_via_get=False, subscription_protocols=())
        self._database = database
        self._workspace_id = workspace_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self.run(request)
        except HTTPException as error:
            response = error_response(error.reason, error.status_code)
        await response(scope, receive, send)

    async def get_context(self, request: Any, response: Any) -> Context:
        return Context(self._database, self._workspace_id)

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
        return data

    async def execute_single(self, request: Request, *args: Any, **options: Any) -> ExecutionResult:
        request.state.operation = options["request_data"].operation_name  # for the request's line in the log
        return await super().execute_single(request, *args, **options)

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


def decode_json(data: str | bytes) -> Any:
    """JSON. What orjson refuses and Python reads (NaN, a lone surrogate) goes on: the error there names the field."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(data)


def encode_json(data: object) -> bytes:
    """Bytes of JSON. An error that quotes a lone surrogate, which UTF-8 cannot hold, is written with escapes."""
    try:
        return orjson.dumps(data)
    except TypeError:
        return json.dumps(data).encode()


def error_response(message: str, status: int) -> Response:
    """A refusal of the whole request, in the form of a GraphQL error."""
    body = {"errors": [{"message": message, "extensions": {"code": "BAD_USER_INPUT"}}]}
    headers = {"Allow": "POST"} if status == 405 else None
    return Response(encode_json(body), status, headers, media_type="application/json")
