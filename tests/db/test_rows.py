"""Entities of rows."""

from dataclasses import dataclass, field
from enum import Enum

import pytest
from sqlalchemy import select

from db.agents import AgentRepository
from db.row_mapping import MappedQuery, RowColumns, row_functions
from db.tables import meetings
from domain.meetings import Meeting, MeetingState


class Colour(Enum):
    RED = "red"


@dataclass(slots=True)
class Part:
    size: int
    colour: Colour


@dataclass(slots=True)
class Whole:
    name: str
    part: Part
    other: Part | None = field(default=None)
    nick: str | None = None


def test_columns_become_fields_and_fields_of_parts() -> None:
    read = row_functions(
        Whole, ("part.colour", "_", "name", "other.size", "other.colour", "part.size", "nick"), ("part", "other")
    ).entities
    assert read([("red", 0, "a", 3, "red", 1, None), ("red", 0, "b", 4, "red", 2, "bee")]) == [
        Whole("a", Part(1, Colour.RED), Part(3, Colour.RED), None),
        Whole("b", Part(2, Colour.RED), Part(4, Colour.RED), "bee"),
    ]
    assert read([]) == []


def test_what_is_not_named_is_unset() -> None:
    (whole,) = row_functions(Whole, ("name",), parts=("part",), without=("other",)).entities([("a",)])
    assert (whole.name, whole.other) == ("a", None)
    assert not hasattr(whole, "nick")
    assert not hasattr(whole.part, "size")


def test_a_column_of_a_table_that_is_outer_joined_may_be_null() -> None:
    query = AgentRepository._by_slug(frozenset({"resolved"}))
    classes = dict(zip(query.columns, query.leaf_classes, strict=True))
    names = ("agent_slug", "variant_slug", "variant_id", "model_name", "max_retries")
    assert [classes[f"resolved.{name}"] for name in names] == [str, None, None, str, int]


def test_a_column_that_is_named_after_a_field_has_its_values() -> None:
    query = MappedQuery.of(select(meetings.c.title, meetings.c.state), Meeting)
    rows = RowColumns(Meeting, query, 1, [["Weekly"], [MeetingState.RECORDING.value]])
    (meeting,) = rows.entities()
    assert (meeting.title, meeting.state) == ("Weekly", MeetingState.RECORDING)
    named = {
        column: values[0] for column, values in zip(rows.columns, rows.values, strict=True) if hasattr(meeting, column)
    }
    assert named == {"title": meeting.title}


def test_a_value_that_the_enum_has_not_is_an_error() -> None:
    with pytest.raises(ValueError, match="blue"):
        row_functions(Part, ("colour",)).entities([("blue",)])


def test_rows_of_another_width_are_an_error() -> None:
    with pytest.raises(ValueError, match="unpack"):
        row_functions(Part, ("size",)).entities([(1, "red")])
