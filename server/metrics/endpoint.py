"""The route `/metrics`."""

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, Metric, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.ids import WorkspaceId
from domain.principals import Scope
from resolvers.worker_threads import run_in_worker
from server.auth.guard import Guard
from server.metrics.families import ProcessMetrics
from server.metrics.processes import WorkerMetrics
from server.wire.headers import request_headers
from server.wire.refusals import RequestRefused, error_response


class _Collected(Collector):
    """Metrics that were collected before."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        return iter(self._metrics)


def metrics_route(
    process: ProcessMetrics, workers: WorkerMetrics | None, guard: Guard, workspace_id: WorkspaceId
) -> Route:
    """Returns the route, for keys of the workspace with the scope ADMIN, because the numbers count what all workspaces do.

    On an open server everybody has that scope. `workers` is None if there is only this process.
    """

    async def metrics(request: Request) -> Response:
        try:
            principal = await guard.principal(request_headers(request.scope))
        except RequestRefused as refused:
            return error_response(refused.message, refused.status, refused.headers)
        if Scope.ADMIN not in principal.scopes or principal.workspace_id != workspace_id:
            return error_response("metrics need the scope ADMIN in the server's own workspace", 403)
        if workers is None:
            collected = list(process.collect())
        else:
            collected = await run_in_worker(workers.merged, workers.snapshot(process.collect()))
        text = await run_in_worker(generate_latest, _Collected(collected))
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return Route("/metrics", metrics)
