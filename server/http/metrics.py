"""Serves `/metrics` in the text format of Prometheus: numbers of this process, one of several if there are several workers."""

from collections.abc import Callable, Iterator

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    GCCollector,
    Metric,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from db.database import Database
from domain.ids import WorkspaceId
from domain.principals import Scope
from executor import execution_counts
from server.auth.guard import Guard
from server.wire.connection_limit import ConnectionLimit
from server.wire.headers import request_headers
from server.wire.refusals import RequestRefused, error_response


class ProcessMetrics(Collector):
    """Collects counters and gauges that exist anyway, when it is asked for them: an operation pays nothing for it."""

    def __init__(self, database: Database, connection_limit: ConnectionLimit) -> None:
        self._database = database
        self._connection_limit = connection_limit

    def collect(self) -> Iterator[Metric]:
        values = CounterMetricFamily(
            "rapporteur_executor_values",
            "Values of root fields by what completed them: the executor (completed), graphql-core after the executor could"
            " not (fell_back), or graphql-core alone (delegated).",
            labels=["outcome"],
        )
        for outcome in ("completed", "fell_back", "delegated"):
            values.add_metric([outcome], getattr(execution_counts, outcome))
        yield values
        yield CounterMetricFamily(
            "rapporteur_executor_inputs_fell_back",
            "Variables of an operation, or arguments of a root field, that graphql-core and Strawberry read.",
            execution_counts.inputs_fell_back,
        )
        yield GaugeMetricFamily(
            "rapporteur_streams_open", "Open WebSockets and event streams.", self._connection_limit.open_connections
        )
        pool = self._database.pool
        busy = pool.checkedout()
        yield GaugeMetricFamily(
            "rapporteur_database_connections", "Open connections of the pool.", pool.checkedin() + busy
        )
        yield GaugeMetricFamily("rapporteur_database_connections_busy", "Connections of the pool in use.", busy)


def metrics_route(
    database: Database, connection_limit: ConnectionLimit, guard: Guard, workspace_id: WorkspaceId
) -> Route:
    """Returns the route, for keys of the workspace with the scope ADMIN, because the numbers count what all workspaces do.

    On an open server everybody has that scope.
    """
    registry = CollectorRegistry()
    collectors: list[Callable[..., object]] = [ProcessCollector, PlatformCollector, GCCollector]
    for collector in collectors:
        collector(registry=registry)
    registry.register(ProcessMetrics(database, connection_limit))

    async def metrics(request: Request) -> Response:
        try:
            principal = await guard.principal(request_headers(request.scope))
        except RequestRefused as refused:
            return error_response(refused.message, refused.status, refused.headers)
        if Scope.ADMIN not in principal.scopes or principal.workspace_id != workspace_id:
            return error_response("metrics need the scope ADMIN in the server's own workspace", 403)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return Route("/metrics", metrics)
