"""`/ofrep/v1/evaluate/flags` and `/ofrep/v1/evaluate/flags/{slug}`: what agents resolve to, for the SDKs of OpenFeature."""

from collections.abc import Callable

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.errors import InvalidInput
from domain.principals import Principal
from domain.slugs import slug
from domain.validation import checked
from resolvers.context import Context
from resolvers.operation_budget import OperationBudget
from server.auth.guard import Guard
from server.auth.rate_limits import HeldMemory
from server.current_request import current_request
from server.ofrep.evaluations import (
    FLAG_NOT_FOUND,
    GENERAL,
    PARSE_ERROR,
    EvaluationFailed,
    check_context,
    evaluation,
    failure,
)
from server.operations.consistency_tokens import with_header_token
from server.operations.runner import OperationRunner
from server.settings import Settings
from server.wire.content_negotiation import JSON, content_type
from server.wire.graphql_files import operation
from server.wire.headers import Headers, request_headers
from server.wire.json import encode_json
from server.wire.refusals import CLIENT_CLOSED_REQUEST, RequestRefused
from server.wire.request_errors import RequestErrors
from server.wire.requests import GraphQLRequest, json_from_body
from server.wire.responses import body_response
from server.wire.result_encoding import encode_large

PATH = "/ofrep/v1/evaluate/flags"
OPERATION = "ResolvedConfigs"


class OfrepEndpoint:
    """The ASGI app that evaluates one flag, if the path has a key, or all of them."""

    def __init__(
        self,
        runner: OperationRunner,
        guard: Guard,
        new_context: Callable[[Principal, str], Context],
        settings: Settings,
    ) -> None:
        self._runner = runner
        self._guard = guard
        self._new_context = new_context
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key: str | None = scope["path_params"].get("key")
        response: ASGIApp
        try:
            response = await self._respond(scope, key, receive)
        except ClientDisconnect:
            response = Response(status_code=CLIENT_CLOSED_REQUEST)
        except RequestRefused as refused:
            code = PARSE_ERROR if refused.status == 400 else GENERAL
            error = EvaluationFailed(refused.status, code, refused.message)
            response = _failure_response(error, key, dict(refused.headers or {}))
        except EvaluationFailed as error:
            response = _failure_response(error, key, {})
        except Exception as error:
            response = _failure_response(_failed(RequestErrors.from_exception(error)), key, {})
        await response(scope, receive, send)

    async def _respond(self, scope: Scope, key: str | None, receive: Receive) -> ASGIApp:
        """Returns the response to a request that succeeds. Raises RequestRefused, EvaluationFailed, or ClientDisconnect."""
        if scope["method"] != "POST":
            raise RequestRefused(405, "flags are evaluated by POST", {"Allow": "POST"})
        headers = request_headers(scope)
        principal = await self._guard.principal(headers)
        rate_limiter = self._guard.count_request(principal)
        settings = self._settings
        held = HeldMemory()
        held.budget = rate_limiter.bodies
        try:
            context = await json_from_body(
                scope, headers, receive, settings.max_body, settings.operation_timeout, held.add, empty={}
            )
            check_context(context)
            del context
        finally:
            held.release()
        if current := current_request.get():
            current.operation = OPERATION
        configs = await self._configs(None if key is None else [_agent_slug(key)], principal, headers, receive)
        if key is None:
            answer: dict[str, object] = {"flags": [evaluation(config) for config in configs]}
        elif configs:
            answer = evaluation(configs[0])
        else:
            raise _not_found(key)
        return await body_response(
            await encode_large(answer, OperationBudget(settings.max_answer)),
            200,
            JSON,
            headers,
            rate_limiter.headers(),
            vary=("Authorization",),
            compression_threshold=settings.compression_threshold,
            is_revalidated=True,
            hold=rate_limiter.answers.hold,
        )

    async def _configs(
        self, slugs: list[str] | None, principal: Principal, headers: Headers, receive: Receive
    ) -> list[dict[str, object]]:
        """Returns what the agents resolve to, as the operation gives it. Raises EvaluationFailed, or ClientDisconnect."""
        request = GraphQLRequest(operation(OPERATION), {"agentSlugs": slugs}, OPERATION, None)
        try:
            prepared = self._runner.prepare_text(with_header_token(request, headers))
            executed = await self._runner.execute(prepared, self._new_context(principal, principal.name), receive)
        except RequestErrors as errors:
            raise _failed(errors) from errors
        if executed.errors or executed.data is None:
            raise _failed(RequestErrors(executed.errors))
        configs: list[dict[str, object]] = executed.data["resolvedConfigs"]["configs"]
        return configs


def ofrep_routes(endpoint: OfrepEndpoint) -> list[Route]:
    return [Route(PATH, endpoint), Route(f"{PATH}/{{key:path}}", endpoint)]


def _agent_slug(key: str) -> str:
    try:
        return checked(slug, key, "key")
    except InvalidInput as error:
        raise _not_found(key) from error


def _not_found(key: str) -> EvaluationFailed:
    return EvaluationFailed(404, FLAG_NOT_FOUND, f"there is no agent with the slug {key}")


def _failed(errors: RequestErrors) -> EvaluationFailed:
    return EvaluationFailed(errors.status, GENERAL, errors.errors[0]["message"], errors.retry_after)


def _failure_response(error: EvaluationFailed, key: str | None, headers: dict[str, str]) -> Response:
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return Response(encode_json(failure(error, key)), error.status, headers, media_type=content_type(JSON))
