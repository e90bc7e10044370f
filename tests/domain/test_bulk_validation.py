"""Checking a list of segments field by field gives what checking each of them gives, and refuses what that refuses."""

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.segments import SegmentContent, parse_segments, valid_segment_columns
from domain.validation import declarations

FIELDS = tuple(declarations(SegmentContent))
USUAL: dict[str, Any] = {
    "text": st.sampled_from(["So we said.", " Straße ", "東京"]),
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
    "text": ["", " \t", "a\x00", "\ud800", "a" * 20_001, None],
    "start_time": [-1.0, 2.5, float("nan"), float("inf"), 10**12, None],
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


def columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in FIELDS}


def outcome(rows: list[dict[str, Any]], deleted_ids: list[int]) -> Any:
    try:
        return parse_segments(rows, deleted_ids)
    except InvalidInput:
        return None


@given(faulty(), st.sampled_from([[], [7]]))
@example([dict.fromkeys(FIELDS) | {"text": "So", "start_time": 0.0, "end_time": 1.0, "segment_id": 7}], [7])
@settings(max_examples=200)
def test_what_is_accepted_is_what_each_segment_gives(rows: list[dict[str, Any]], deleted_ids: list[int]) -> None:
    found = valid_segment_columns(columns(rows), deleted_ids)
    assert found is None or repr(found) == repr(outcome(rows, deleted_ids))  # repr tells -0.0 from 0.0, and 1 from 1.0


@given(st.lists(st.fixed_dictionaries(USUAL), min_size=1, max_size=4))
@settings(max_examples=50)
def test_valid_columns_are_what_parsing_gives(rows: list[dict[str, Any]]) -> None:
    expected = outcome(rows, [])
    assert repr(valid_segment_columns(columns(rows), [])) == repr(expected)
