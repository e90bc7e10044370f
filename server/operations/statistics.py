"""Counts the operations of this process, for `/metrics`: plain numbers, which cost an operation next to nothing."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from graphql import OperationDefinitionNode, OperationType

from db.statistics import Histogram
from server.wire.graphql_files import OPERATIONS

OTHER = "other"
"""Stands for all names of operations that are not known beforehand: clients may send any, and each would be kept for ever."""
_QUERY, _MUTATION = OperationType.QUERY, OperationType.MUTATION
_DEFINITION = re.compile(r"^\s*(?:query|mutation|subscription)\s+(\w+)", re.MULTILINE)


OK = "ok"
"""The answer has no `errors`. Errors that are data (members of a mutation's union) are answers, too."""
CLIENT_ERROR = "client_error"
"""The caller has to change something: `BAD_USER_INPUT` and the like."""
REFUSED = "refused"
"""The caller may not ask for this, or not for so much."""
SERVER_ERROR = "server_error"
"""The server or its database has failed: `INTERNAL` or `SERVICE_UNAVAILABLE`."""
ABANDONED = "abandoned"
"""The client has left, or the server stops."""
OUTCOMES = (OK, CLIENT_ERROR, REFUSED, SERVER_ERROR, ABANDONED)
"""How an operation may end. They are texts because members of an enum are slow as keys, and every operation needs one."""

_OUTCOMES = {
    "INTERNAL": SERVER_ERROR,
    "SERVICE_UNAVAILABLE": SERVER_ERROR,
    "FORBIDDEN": REFUSED,
    "QUERY_TOO_COMPLEX": REFUSED,
    "RATE_LIMITED": REFUSED,
    "UNAUTHENTICATED": REFUSED,
}
_SEVERITY = (SERVER_ERROR, REFUSED, CLIENT_ERROR)


def outcome_of(codes: Sequence[str]) -> str:
    """Returns the outcome of an operation whose answer has errors with these codes: that of the gravest."""
    found = {_OUTCOMES.get(code, CLIENT_ERROR) for code in codes}
    return next((outcome for outcome in _SEVERITY if outcome in found), OK)


@dataclass(slots=True)
class OperationCounts:
    """Counts the operations of one name and type."""

    durations: dict[str, Histogram] = field(default_factory=dict)
    """The durations of queries and mutations, by how they ended."""
    cost: int = 0
    events: int = 0
    """Counts the events of subscriptions that were sent."""
    open_subscriptions: int = 0
    ended_subscriptions: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: str, seconds: float) -> None:
        """Counts a query or mutation that has ended."""
        histogram = self.durations.get(outcome)
        if histogram is None:
            histogram = self.durations[outcome] = Histogram()
        histogram.observe(seconds)


class OperationStatistics:
    """Holds the counts by name and type of the operation."""

    def __init__(self, names: Iterable[str]) -> None:
        """`names` are the operation names that are counted separately; all others are counted together."""
        self._names = frozenset(names)
        self.queries: dict[str, OperationCounts] = {}
        self.mutations: dict[str, OperationCounts] = {}
        self.subscriptions: dict[str, OperationCounts] = {}

    def is_known(self, name: str | None) -> bool:
        """Returns whether the operations of this name are told apart."""
        return name in self._names

    def of(self, operation: OperationDefinitionNode) -> OperationCounts:
        """Returns the counts of an operation."""
        kind, name = operation.operation, operation.name.value if operation.name else OTHER
        if name not in self._names:
            name = OTHER
        of_kind = self.queries if kind is _QUERY else self.mutations if kind is _MUTATION else self.subscriptions
        counts = of_kind.get(name)
        if counts is None:
            counts = of_kind[name] = OperationCounts()
        return counts


def known_names(trusted: Iterable[str]) -> set[str]:
    """Returns the names of the operations in `graphql/operations/` and in the texts of trusted documents."""
    ours = {file.stem for file in OPERATIONS.glob("*.graphql")}
    return ours.union(*(_DEFINITION.findall(text) for text in trusted))
