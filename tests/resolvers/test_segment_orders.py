"""The order of time: of pages of segments, and of exports."""

import json
from typing import Any

import pytest

from tests.harness.servers import Api, segment

STARTS = {1: 10.0, 2: 5.0, 3: 5.0, 4: 0.5, 5: 7.25, 6: 10.0}
"""When each segment starts, by its number."""
BY_TIME = [4, 2, 3, 5, 1, 6]


@pytest.fixture
def meeting(api: Api) -> Any:
    meeting = api.meeting()
    segments = [
        segment(number, startTime=start, endTime=start + 1, speaker=f"Speaker {number % 2}", isFinal=number != 5)
        for number, start in STARTS.items()
    ]
    api.run("UpsertSegments", meetingId=meeting["id"], segments=segments)
    return meeting


def pages(api: Api, meeting: Any, size: int, *, backward: bool = False, **variables: Any) -> list[int]:
    """Reads the list page by page, and returns the numbers in the order of the list."""
    found: list[int] = []
    cursor: str | None = None
    while True:
        where = {"first": None, "last": size, "before": cursor} if backward else {"first": size, "after": cursor}
        page = api.run("Transcript", id=meeting["id"], **where, **variables)["segments"]
        numbers = [edge["node"]["segmentId"] for edge in page["edges"]]
        found = numbers + found if backward else found + numbers
        if not page["pageInfo"]["hasPreviousPage" if backward else "hasNextPage"]:
            return found
        cursor = page["pageInfo"]["startCursor" if backward else "endCursor"]


@pytest.mark.parametrize("size", [1, 2, 5, 100])
@pytest.mark.parametrize("backward", [False, True])
def test_pages_by_time(api: Api, meeting: Any, size: int, backward: bool) -> None:
    order = {"field": "START_TIME"}
    assert pages(api, meeting, size, backward=backward, orderBy=order) == BY_TIME
    assert pages(api, meeting, size, backward=backward, orderBy=order | {"direction": "DESC"}) == BY_TIME[::-1]
    assert pages(api, meeting, size, backward=backward, orderBy=order, speaker="Speaker 0") == [4, 2, 6]


@pytest.mark.parametrize("size", [1, 4])
def test_pages_by_number_are_as_without_an_order(api: Api, meeting: Any, size: int) -> None:
    by_number = {"field": "SEGMENT_ID"}
    assert pages(api, meeting, size) == pages(api, meeting, size, orderBy=by_number) == list(STARTS)
    assert pages(api, meeting, size, orderBy=by_number | {"direction": "DESC"}) == list(STARTS)[::-1]


def test_a_cursor_belongs_to_its_order(api: Api, meeting: Any) -> None:
    orders: list[Any] = [None, {"field": "START_TIME"}]
    cursors = [
        api.run("Transcript", id=meeting["id"], first=1, orderBy=order)["segments"]["pageInfo"]["endCursor"]
        for order in orders
    ]
    for order, cursor in zip(orders, reversed(cursors), strict=True):
        error = api.expect_error("Transcript", id=meeting["id"], first=1, orderBy=order, after=cursor)
        assert error["extensions"]["fields"][0]["path"] == "after"


@pytest.mark.parametrize("format", ["VTT", "SRT", "TEXT", "JSON"])
@pytest.mark.parametrize("final_only", [False, True])
def test_exports_are_in_the_order_of_time(api: Api, meeting: Any, format: str, final_only: bool) -> None:
    transcript = api.run("TranscriptFile", id=meeting["id"], format=format, finalOnly=final_only)["transcript"]
    places = {number: transcript.find(f"Text {number}") for number in STARTS}
    assert (places[5] == -1) == final_only
    shown = [number for number in BY_TIME if places[number] != -1]
    assert len(shown) == len(STARTS) - final_only
    assert sorted(shown, key=places.__getitem__) == shown
    if format == "JSON":
        assert [each["segmentId"] for each in json.loads(transcript)["segments"]] == shown
