"""Collects the metrics of this process: from counters that exist anyway, so that an operation pays nothing for it.

`docs/monitoring.md` says what each means to whoever is on call.
"""

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version as package_version
from itertools import accumulate, product

from prometheus_client import CollectorRegistry, GCCollector, Metric, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from db.change_notifier import ChangeNotifier
from db.database import Database
from db.pool import ConnectionPool
from db.replicas import ReadOutcome, Replicas, ReplicaStatus
from db.statistics import DURATION_BUCKETS_SECONDS, Histogram, statement_counts
from executor import execution_counts
from resolvers.live.registry import HubRegistry
from schema.errors import error_counts
from server.middleware.access_log import request_counts
from server.operations.statistics import OUTCOMES, OperationStatistics
from server.webhooks.sender import attempt_counts
from server.websocket.connection import close_counts
from server.wire.connection_limit import ConnectionLimit

_BOUNDS = (*map(str, DURATION_BUCKETS_SECONDS), "+Inf")
Labels = tuple[str, ...]
"""The values of labels, in the order of their names."""
NO_LABELS: Labels = ()


class ProcessMetrics(Collector):
    """Collects the metrics of this process."""

    def __init__(
        self,
        database: Database,
        hubs: HubRegistry,
        connection_limit: ConnectionLimit,
        statistics: OperationStatistics,
    ) -> None:
        self._database = database
        self._hubs = hubs
        self._connection_limit = connection_limit
        self._statistics = statistics
        self._of_python = CollectorRegistry()
        collectors: list[Callable[..., object]] = [ProcessCollector, PlatformCollector, GCCollector]
        for collector in collectors:
            collector(registry=self._of_python)

    def collect(self) -> Iterator[Metric]:
        yield _gauges("rapporteur_build_info", "Always 1.", ("version",), {(package_version("rapporteur"),): 1})
        yield _gauge("rapporteur_processes", "Processes that serve.", 1)
        yield from self._requests()
        yield from _operations(self._statistics)
        yield from _subscriptions(self._statistics)
        yield from _executor()
        yield from _pool(self._database.pool)
        if self._database.replicas is not None:
            yield from _replicas(self._database.replicas)
        yield from _statements()
        yield from _notifications(self._database.notifier)
        yield from self._live()
        yield _counters(
            "rapporteur_webhook_attempts",
            "Messages sent to receivers of webhooks, by outcome (delivered, failed).",
            ("outcome",),
            {(outcome,): count for outcome, count in attempt_counts.items()},
        )
        yield from self._of_python.collect()

    def _requests(self) -> Iterator[Metric]:
        yield _counters(
            "rapporteur_http_requests",
            "HTTP requests that were answered, by path (other: any other) and status. Errors of GraphQL often have 200.",
            ("path", "status"),
            {(path, str(status)): count for (path, status), count in request_counts.items()},
        )
        yield _counters(
            "rapporteur_errors",
            "Errors that clients got, by code, whether in errors or as members of a mutation's union.",
            ("code",),
            {(code,): count for code, count in error_counts.items()},
        )
        limit = self._connection_limit
        yield _gauge("rapporteur_streams_open", "Open WebSockets and event streams.", limit.open_connections)
        yield _gauge("rapporteur_streams_max", "WebSockets and event streams that may be open.", limit.maximum)
        yield _counters(
            "rapporteur_websocket_closes",
            "WebSockets that the server has closed, by code.",
            ("code",),
            {(str(code),): count for code, count in close_counts.items()},
        )

    def _live(self) -> Iterator[Metric]:
        statistics = self._hubs.statistics
        yield _histograms(
            "rapporteur_live_lag_seconds",
            "Time from the write of a change until it was sent to a subscriber that had everything before it.",
            (),
            {NO_LABELS: statistics.lag},
        )
        yield _counter(
            "rapporteur_live_failed_polls", "Polls for live updates that the database failed.", statistics.failed_polls
        )
        yield _gauge("rapporteur_live_workspaces", "Workspaces that are read live.", self._hubs.open_hubs)


def _operations(statistics: OperationStatistics) -> Iterator[Metric]:
    """Yields the metrics of queries and mutations."""
    by_type = {"query": statistics.queries, "mutation": statistics.mutations}
    ended: dict[Labels, int] = dict.fromkeys(product(by_type, OUTCOMES), 0)
    durations: dict[Labels, Histogram] = {}
    costs: dict[Labels, int] = {}
    for type_, by_name in by_type.items():
        for name, counts in by_name.items():
            costs[name, type_] = counts.cost
            for outcome, histogram in counts.durations.items():
                durations[name, type_, outcome] = histogram
                ended[type_, outcome] += sum(histogram.buckets)
    yield _counters(
        "rapporteur_operations", "Queries and mutations that have ended, by how.", ("type", "outcome"), ended
    )
    yield _histograms(
        "rapporteur_operation_duration_seconds",
        "Time of queries and mutations, from the valid document to the encoded answer, by name (other: not a known one).",
        ("operation", "type", "outcome"),
        durations,
    )
    yield _counters(
        "rapporteur_operation_cost",
        "Cost that keys were charged, in the unit of RAPPORTEUR_MAX_COST.",
        ("operation", "type"),
        costs | {(name, "subscription"): counts.cost for name, counts in statistics.subscriptions.items()},
    )


def _subscriptions(statistics: OperationStatistics) -> Iterator[Metric]:
    subscriptions = statistics.subscriptions
    yield _gauges(
        "rapporteur_subscriptions_open",
        "Subscriptions that are open.",
        ("operation",),
        {(name,): counts.open_subscriptions for name, counts in subscriptions.items()},
    )
    yield _counters(
        "rapporteur_subscriptions_ended",
        "Subscriptions that have ended, by how.",
        ("operation", "outcome"),
        {
            (name, outcome): count
            for name, counts in subscriptions.items()
            for outcome, count in counts.ended_subscriptions.items()
        },
    )
    yield _counters(
        "rapporteur_subscription_events",
        "Events that were sent to subscribers.",
        ("operation",),
        {(name,): counts.events for name, counts in subscriptions.items()},
    )


def _executor() -> Iterator[Metric]:
    yield _counters(
        "rapporteur_executor_values",
        "Values of root fields by what completed them: the executor (completed), graphql-core after the executor could"
        " not (fell_back), or graphql-core alone (delegated).",
        ("outcome",),
        {(name,): getattr(execution_counts, name) for name in ("completed", "fell_back", "delegated")},
    )
    yield _counter(
        "rapporteur_executor_inputs_fell_back",
        "Variables of an operation, or arguments of a root field, that graphql-core and Strawberry read.",
        execution_counts.inputs_fell_back,
    )


def _pool(pool: ConnectionPool) -> Iterator[Metric]:
    busy = pool.checkedout()
    yield _gauge("rapporteur_database_connections", "Open connections of the pool.", pool.checkedin() + busy)
    yield _gauge("rapporteur_database_connections_busy", "Connections of the pool in use.", busy)
    yield _gauge("rapporteur_database_connections_max", "Connections that the pool may open.", pool.size())
    yield _gauge(
        "rapporteur_database_connections_awaited", "Statements that wait because no connection is free.", pool.waiting
    )
    yield _histograms(
        "rapporteur_database_connection_wait_seconds",
        "Time that whoever needed a connection waited for it; those that had to be opened included.",
        (),
        {NO_LABELS: pool.waits},
    )
    yield _counter(
        "rapporteur_database_connection_timeouts",
        "Waits for a connection that were given up after RAPPORTEUR_POOL_TIMEOUT.",
        pool.timeouts,
    )


def _replicas(replicas: Replicas) -> Iterator[Metric]:
    """Yields the metrics of the replicas, which are numbered from 1 in the order of `RAPPORTEUR_REPLICA_URL`."""
    numbered = [((str(number),), replica) for number, replica in enumerate(replicas.all, start=1)]
    yield _gauges(
        "rapporteur_replica_in_use",
        "Processes that read queries from the replica.",
        ("replica",),
        {number: replica.status is ReplicaStatus.IN_USE for number, replica in numbered},
    )
    yield _gauges(
        "rapporteur_replica_lag_seconds",
        "Time for which the primary has had what the replica lacks; absent if the replica cannot be asked.",
        ("replica",),
        {number: replicas.log.lag(replica.reached) for number, replica in numbered if replica.reached is not None},
    )
    yield _counters(
        "rapporteur_replica_reads",
        "Statements of queries by where they were read: on a replica, or on the primary because no replica was in use"
        " (none_in_use), it had not got as far as the read needs (behind), or it failed (failed).",
        ("outcome",),
        {(outcome,): replicas.outcomes[outcome] for outcome in ReadOutcome},
    )


def _statements() -> Iterator[Metric]:
    durations = SummaryMetricFamily(
        "rapporteur_database_statement_duration_seconds",
        "Time of SQL statements that succeeded, by their verb and first table.",
        labels=["statement"],
    )
    for summary, counts in statement_counts.items():
        durations.add_metric([summary], counts.runs, counts.seconds)
    yield durations
    yield _counters(
        "rapporteur_database_rows",
        "Rows that SQL statements returned.",
        ("statement",),
        {(summary,): counts.rows for summary, counts in statement_counts.items()},
    )


def _notifications(notifier: ChangeNotifier) -> Iterator[Metric]:
    if not notifier.is_idle:
        yield _gauge(
            "rapporteur_notifier_connected",
            "Processes that are connected to the database for notifications.",
            notifier.is_connected,
        )
    yield _counter(
        "rapporteur_notifier_connections",
        "Connections that were opened for notifications; each after the first of a process replaces one that was lost.",
        notifier.connections,
    )
    yield _counter("rapporteur_notifications_sent", "Notifications that were sent.", notifier.sent)
    yield _counter(
        "rapporteur_notifications_received", "Notifications of other processes that were received.", notifier.received
    )


def _counters(name: str, documentation: str, labels: Labels, values: Mapping[Labels, float]) -> Metric:
    family = CounterMetricFamily(name, documentation, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _counter(name: str, documentation: str, value: float) -> Metric:
    return _counters(name, documentation, (), {NO_LABELS: value})


def _gauges(name: str, documentation: str, labels: Labels, values: Mapping[Labels, float]) -> Metric:
    family = GaugeMetricFamily(name, documentation, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return _gauges(name, documentation, (), {NO_LABELS: value})


def _histograms(name: str, documentation: str, labels: Labels, values: Mapping[Labels, Histogram]) -> Metric:
    family = HistogramMetricFamily(name, documentation, labels=labels)
    for key, histogram in values.items():
        family.add_metric(key, list(zip(_BOUNDS, accumulate(histogram.buckets), strict=True)), histogram.sum)
    return family
