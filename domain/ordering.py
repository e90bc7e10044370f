"""The orders of lists. The id comes last in every order, so that no two items tie and a cursor names one place."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Annotated, NamedTuple, Protocol
from uuid import UUID

from domain.cursors import CursorFormat, Key
from domain.rules import Integer, StorableText


class OrderDirection(Enum):
    """The direction of an order."""

    ASC = "ASC"
    DESC = "DESC"


class AgentOrderField(Enum):
    """The fields that agents can be sorted by. The values are names of fields of `Agent`."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    NAME = "name"


class MeetingOrderField(Enum):
    """The fields that meetings can be sorted by. The values are names of fields of `Meeting`."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    TITLE = "title"


class SegmentOrderField(Enum):
    """The fields that the segments of a meeting can be sorted by. The values are names of fields of `Segment`."""

    SEGMENT_ID = "segment_id"
    START_TIME = "start_time"


@dataclass(frozen=True, slots=True)
class SegmentOrder:
    """The order that a caller asks for: by number, or by start time and then by number."""

    field: SegmentOrderField = SegmentOrderField.SEGMENT_ID
    direction: OrderDirection | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields to sort by."""
        return tuple(dict.fromkeys((self.field.value, "segment_id")))

    @property
    def descending(self) -> bool:
        return self.direction is OrderDirection.DESC


@dataclass(frozen=True, slots=True)
class AgentOrder:
    """The order that a caller asks for."""

    field: AgentOrderField
    direction: OrderDirection | None = None


@dataclass(frozen=True, slots=True)
class MeetingOrder:
    """The order that a caller asks for."""

    field: MeetingOrderField
    direction: OrderDirection | None = None


class _Identified(Protocol):
    @property
    def id(self) -> UUID: ...


@dataclass(frozen=True, slots=True)
class Order:
    """Sorts by `field` and then by id, both in one direction. Texts ignore case, and follow code points."""

    list_name: str
    """Names the list and the field, so that a cursor of another order is not accepted in this one."""
    field: str
    descending: bool

    def cursor(self, item: _Identified) -> str:
        """Returns the cursor of an entity of the list."""
        value = getattr(item, self.field)
        key = _microseconds(value) if isinstance(value, datetime) else value
        return self.cursor_format.encode(key, str(item.id))

    @property
    def cursor_format(self) -> CursorFormat[Key]:
        return CursorFormat(self.list_name, _TextKey if self.field in _TEXT_FIELDS else _TimeKey)


AGENTS_BY_AGE = Order("agents.created_at", "created_at", descending=False)
"""Sorts agents from the oldest to the newest."""
MEETINGS_BY_AGE = Order("meetings.created_at", "created_at", descending=True)
"""Sorts meetings from the newest to the oldest."""


def agent_order(asked: AgentOrder | None) -> Order:
    """Returns the order that a caller asks for; None asks for the order by age."""
    return AGENTS_BY_AGE if asked is None else _order("agents", asked, times_descend=AGENTS_BY_AGE.descending)


def meeting_order(asked: MeetingOrder | None) -> Order:
    """Returns the order that a caller asks for; None asks for the order by age."""
    return MEETINGS_BY_AGE if asked is None else _order("meetings", asked, times_descend=MEETINGS_BY_AGE.descending)


def _order(list_name: str, asked: AgentOrder | MeetingOrder, *, times_descend: bool) -> Order:
    """Returns the order. Without a direction, texts ascend, and times go as in the list's order by age."""
    field: str = asked.field.value
    descending = field not in _TEXT_FIELDS and times_descend
    if asked.direction is not None:
        descending = asked.direction is OrderDirection.DESC
    return Order(f"{list_name}.{field}", field, descending)


_TEXT_FIELDS = ("name", "title")

# A time in a cursor is a number of microseconds, the resolution of PostgreSQL, so that it comes back exactly.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


_MICROSECONDS = Integer(
    _microseconds(datetime.min.replace(tzinfo=UTC)), _microseconds(datetime.max.replace(tzinfo=UTC))
)


def _moment(value: object) -> datetime:
    return _EPOCH + _MICROSECONDS(value) * _MICROSECOND


class _TextKey(NamedTuple):
    value: Annotated[str, StorableText(500)]  # a title is the longest
    id: UUID


class _TimeKey(NamedTuple):
    value: Annotated[datetime, _moment]
    id: UUID
