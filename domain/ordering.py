"""What lists can be sorted by. The id comes last in every order, so that there are no ties and a cursor names one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from domain import cursors
from domain.ids import uuid
from domain.validation import Check, Rule, integer, one_of, storable


class OrderDirection(Enum):
    ASC = "ASC"
    DESC = "DESC"


class AgentOrderField(Enum):
    """Values are names of fields of `Agent`."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    NAME = "name"


class MeetingOrderField(Enum):
    """Values are names of fields of `Meeting`."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Order:
    """Sorted by `field` and then by id, both in one direction; texts ignore case, and follow code points."""

    kind: str
    """Of the cursors: another for each list and field, so that a cursor of another order is none of this one."""
    field: str
    descending: bool

    def cursor(self, item: Any) -> str:
        """The cursor of an entity of the list."""
        value = getattr(item, self.field)
        return cursors.encode(self.kind, _microseconds(value) if isinstance(value, datetime) else value, str(item.id))

    @property
    def cursor_rule(self) -> Rule:
        """A rule: such a cursor. Gives the value of the field, and the id."""
        return cursors.cursor(self.kind, _TEXT if self.field in _TEXTS else _moment, uuid)


AGENTS_BY_AGE = Order("agents.created_at", "created_at", descending=False)
"""From the oldest to the newest."""
MEETINGS_BY_AGE = Order("meetings.created_at", "created_at", descending=True)
"""From the newest to the oldest."""


def agent_order(values: Mapping[str, Any] | None) -> Order:
    """The order that a caller asks for as `field` and `direction`. Raises InvalidInput."""
    return _order(AgentOrderField, values, AGENTS_BY_AGE)


def meeting_order(values: Mapping[str, Any] | None) -> Order:
    """The order that a caller asks for as `field` and `direction`. Raises InvalidInput."""
    return _order(MeetingOrderField, values, MEETINGS_BY_AGE)


def _order(fields: type[Enum], values: Mapping[str, Any] | None, default: Order) -> Order:
    """Without a direction texts go up, and times as in the list that is asked for without an order."""
    if values is None:
        return default
    check = Check()
    field = check.value(one_of(fields), values.get("field"), "order_by.field")
    direction = values.get("direction")
    if direction is not None:
        check.value(one_of(OrderDirection), direction, "order_by.direction")
    check.done()
    downward = field.value not in _TEXTS and default.descending
    descending = downward if direction is None else direction is OrderDirection.DESC
    return Order(f"{default.kind.partition('.')[0]}.{field.value}", field.value, descending)


_TEXTS = ("name", "title")
_TEXT = storable(500)  # the longest, a title

# A time in a cursor is a number of microseconds, which is what PostgreSQL keeps, so it comes back exactly.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


_microseconds_rule = integer(
    _microseconds(datetime.min.replace(tzinfo=UTC)), _microseconds(datetime.max.replace(tzinfo=UTC))
)


def _moment(value: Any) -> datetime:
    microseconds: int = _microseconds_rule(value)
    return _EPOCH + microseconds * _MICROSECOND
