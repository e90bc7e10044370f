"""Checks that the chat of a meeting is refused, in each form in which Zoom has written it."""

import pytest

from tests.harness.transcript_files import refusal


@pytest.mark.parametrize(
    "line",
    [
        "09:00:12\t From Ida Berg to Everyone:\n\tHello",
        "09:00:12 From  Ida Berg : Hello",
        "2024-03-02 09:00:12 From Ida Berg to Everyone:\n\tHello",
        "00:14:05\tIda Berg:\tHello\n00:14:45\tOle Moe:\tThanks",
    ],
)
def test_is_refused(line: str) -> None:
    assert "this is the chat of a meeting" in refusal(f"{line}\n", "meeting_saved_chat.txt")
