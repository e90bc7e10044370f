"""Checking a list of segments field by field gives what checking each of them gives, and refuses what that refuses."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.segments import SegmentContent, parse_segments, valid_segment_columns, with_defaults
from domain.validation import declarations

FIELDS = tuple(declarations(SegmentContent))
USUAL: dict[str, Any] = {
    "text": st.sampled_from(["So we said.", " Straße ", "東京", "a\x1fb", "a" * 20_000]),
    "start_time": st.sampled_from([0.0, -0.0, 1.5]),
    "end_time": st.sampled_from([1.5, 2.0, 36_000_000.0]),
    "segment_id": st.none() | st.integers(0, 2**31 - 1),
    "speaker": st.sampled_from([None, "", "Ann", " Bob "]),
    "is_final": st.sampled_from([None, True, False]),
    "confidence": st.sampled_from([None, 0.0, 1.0]),
    "external_id": st.none() | st.text("abc", min_size=1),
    "words": st.none(),
}
UNUSUAL: dict[str, list[Any]] = {
    "text": ["", " \t", "\x1f", "a\x00", "\ud800", "a" * 20_001, 1, None],
    "start_time": [-1.0, 2.5, float("nan"), float("inf"), 10**12, 10**400, True, "1", None],
    "end_time": [-1.0, float("nan"), float("-inf"), 36_000_001.0, 3, None],
    "segment_id": [-1, 2**31, True, 7],
    "speaker": [" ", "a\x00", "\udfff", "a" * 201],
    "is_final": [1],
    "confidence": [-0.1, 1.1, float("nan"), 1],
    "external_id": ["", " ", "a" * 201, "again"],
    "words": [[], [{"text": "So", "start_time": 0.0, "end_time": 1.0}]],
}


@st.composite
def faulty(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = draw(st.lists(st.fixed_dictionaries(USUAL), min_size=1, max_size=4))
    for name in draw(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=2)):
        draw(st.sampled_from(rows))[name] = draw(st.sampled_from(UNUSUAL[name]))
    return rows


def columns(rows: list[dict[str, Any]], *, is_left_out: bool) -> dict[str, list[Any]]:
    """Returns the values by name; what all leave null may be left out."""
    found = {name: [row[name] for row in rows] for name in FIELDS}
    return {name: values for name, values in found.items() if not is_left_out or values.count(None) != len(rows)}


def outcome(rows: list[dict[str, Any]], deleted_ids: list[int]) -> Any:
    try:
        return parse_segments(rows, deleted_ids)
    except InvalidInput:
        return None


def seen(found: Any) -> str:
    """Tells -0.0 from 0.0, and 1 from 1.0."""
    return repr(found and with_defaults(found))


@given(faulty(), st.sampled_from([[], [7]]), st.booleans())
@example([dict.fromkeys(FIELDS) | {"text": "So", "start_time": 0.0, "end_time": 1.0, "segment_id": 7}], [7], False)
@settings(max_examples=300)
def test_what_is_accepted_is_what_each_segment_gives(
    rows: list[dict[str, Any]], deleted_ids: list[int], is_left_out: bool
) -> None:
    given = columns(rows, is_left_out=is_left_out)
    found = "text" in given and valid_segment_columns(given, deleted_ids)
    assert not found or seen(found) == seen(outcome(rows, deleted_ids))


@given(st.lists(st.fixed_dictionaries(USUAL), min_size=1, max_size=4), st.booleans())
@settings(max_examples=100)
def test_valid_columns_are_what_parsing_gives(rows: list[dict[str, Any]], is_left_out: bool) -> None:
    found = valid_segment_columns(columns(rows, is_left_out=is_left_out), [])
    assert seen(found) == seen(outcome(rows, []))


@pytest.mark.parametrize("name", FIELDS)
def test_each_fault_is_noticed_at_each_place(name: str) -> None:
    """A column is looked at as a whole, and what is wrong with one value must not hide behind the others."""
    usual = {"text": "So", "start_time": 0.5, "end_time": 2.0, "segment_id": None, "speaker": "Ann", "is_final": True}
    for fault in UNUSUAL[name]:
        for place in range(3):
            rows: list[dict[str, Any]] = [dict.fromkeys(FIELDS) | usual | {"confidence": 0.5} for _ in range(3)]
            rows[place][name] = fault
            found = valid_segment_columns(columns(rows, is_left_out=False), [])
            assert found is None or seen(found) == seen(outcome(rows, []))
