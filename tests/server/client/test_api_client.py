"""Checks what the client of the command line tells of requests that fail."""

from typing import Any

import pytest

from server.client.api_client import ApiClient, ApiError
from tests.harness.raw_answers import answering


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            b"HTTP/1.1 413 Too Large\r\ncontent-type: text/plain\r\ncontent-length: 9\r\n\r\nat most 1",
            "the request is too large for the server: at most 1",
        ),
        (None, "did not answer in time: what was asked may have been done"),
        (b"", "broke off the connection: what was asked may have been done"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", "is no Rapporteur server"),
    ],
)
def test_the_client_tells_what_became_of_a_request(answer: bytes | None, says: str) -> None:
    with answering(answer) as url, ApiClient(url, timeout=0.5) as client, pytest.raises(ApiError, match=says):
        client.run("MeetingCount")


@pytest.mark.parametrize("value", ["\ud800", float("nan"), b"a", 16**10_000], ids=["half", "nan", "bytes", "digits"])
def test_what_cannot_be_sent_is_not_the_servers_fault(value: Any) -> None:
    with ApiClient("http://127.0.0.1:1") as client, pytest.raises(ApiError, match="cannot be sent"):
        client.run("MeetingCount", value=value)
