"""`/metrics`, in the text format of Prometheus: of this process, one of several if there are several workers."""

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


class Metrics(Collector):
    """Reads what is counted anyway, when it is asked for: an operation pays nothing for it."""

    def __init__(self, database: Database, connection_limit: ConnectionLimit) -> None:
        self._database = database
        self._connection_limit = connection_limit

    def collect(self) -> Iterator[Metric]:
        executed = CounterMetricFamily(
            "rapporteur_executor_values",
            "Values of root fields by who completed them: the executor (taken), graphql-core after a surprise (handed_back),"
            " or graphql-core because they are none of the executor's (left).",
            labels=["outcome"],
        )
        for outcome, count in (
            ("taken", execution_counts.completed),
            ("handed_back", execution_counts.fell_back),
            ("left", execution_counts.delegated),
        ):
            executed.add_metric([outcome], count)
        yield executed
        yield CounterMetricFamily(
            "rapporteur_executor_inputs_handed_back",
            "Variables of an operation, or arguments of a root field, that graphql-core and Strawberry read.",
            execution_counts.inputs_fell_back,
        )
        yield GaugeMetricFamily(
            "rapporteur_streams_open", "WebSockets and event streams.", self._connection_limit.open_connections
        )
        pool = self._database.pool
        size, busy = pool.checkedin() + pool.checkedout(), pool.checkedout()
        yield GaugeMetricFamily("rapporteur_database_connections", "Of the pool, open.", size)
        yield GaugeMetricFamily("rapporteur_database_connections_busy", "Of the pool, in use.", busy)


def metrics_route(
    database: Database, connection_limit: ConnectionLimit, guard: Guard, workspace_id: WorkspaceId
) -> Route:
    """For whoever reaches an open server, and for keys of its workspace with the scope ADMIN: they count what all do."""
    registry = CollectorRegistry()
    collectors: list[Callable[..., object]] = [ProcessCollector, PlatformCollector, GCCollector]
    for collector in collectors:
        collector(registry=registry)
    registry.register(Metrics(database, connection_limit))

    async def metrics(request: Request) -> Response:
        try:
            principal = await guard.principal(request_headers(request.scope))
        except RequestRefused as refused:
            return error_response(refused.message, refused.status, refused.headers)
        if Scope.ADMIN not in principal.scopes or principal.workspace_id != workspace_id:
            return error_response("metrics need the scope ADMIN in the server's own workspace", 403)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return Route("/metrics", metrics)
