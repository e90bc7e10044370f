"""Runs the HAProxy that docs/high-availability.md configures before two servers, and kills one of them."""

import asyncio
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from rapporteur_client import AsyncClient, SegmentInput
from server.wire.graphql_files import operation
from tests.harness.commands import Serving, serving
from tests.harness.markdown import markdown_page
from tests.harness.proxies import PROGRAMS_PATH, WAIT_SECONDS, free_port, proxy_process
from tests.harness.waiting import TIMEOUT_SECONDS, eventually

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("haproxy", path=PROGRAMS_PATH) is None, reason="haproxy is not here"),
]

SEGMENT_COUNT = 300


@pytest.fixture
def both(database_url: str) -> Iterator[tuple[Serving, Serving]]:
    with serving(database_url=database_url) as one, serving(database_url=database_url) as two:
        yield one, two


@pytest.fixture
def url(both: tuple[Serving, Serving], tmp_path: Path) -> Iterator[str]:
    """The address of the HAProxy before both. Only addresses are other ones than on the page, and it has no TLS."""
    port = free_port()
    (block,) = markdown_page("docs/high-availability.md").blocks_in("haproxy")
    text, bound = re.subn(r"bind :443 .*", f"bind 127.0.0.1:{port}", block.text)
    for address, server in zip(("10.0.0.1:8000", "10.0.0.2:8000"), both, strict=True):
        assert address in text
        text = text.replace(address, server.url.removeprefix("http://"))
    assert bound == 1
    configuration = tmp_path / "haproxy.cfg"
    configuration.write_text(text)
    with proxy_process(["haproxy", "-db", "-f", str(configuration)], port, tmp_path):
        yield f"http://127.0.0.1:{port}"


async def test_nothing_is_lost_when_a_server_behind_the_proxy_is_killed(
    both: tuple[Serving, Serving], url: str
) -> None:
    meeting = both[0].api.meeting()["id"]
    async with (
        AsyncClient(url, agents=[]) as one,
        AsyncClient(url, agents=[]) as other,
        one.segments(meeting) as writer,
    ):

        async def follow(client: AsyncClient) -> None:
            seen: set[str] = set()
            async for update in client.follow(meeting):
                seen.update(segment.text for segment in update.segments)
                if len(seen) == SEGMENT_COUNT:
                    return

        following = [asyncio.create_task(follow(client)) for client in (one, other)]
        for number in range(SEGMENT_COUNT):
            writer.write(SegmentInput(f"Text {number}", number, number + 1))
            if number == SEGMENT_COUNT // 3:
                await writer.flush(TIMEOUT_SECONDS)
                both[0].kill()
        await writer.flush(TIMEOUT_SECONDS)
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await asyncio.gather(*following)
        answer = await other.request(operation("Transcript"), {"id": meeting, "first": 1000})
        assert len(answer["meeting"]["segments"]["edges"]) == SEGMENT_COUNT


def test_requests_and_event_streams_go_to_the_server_that_is_left(both: tuple[Serving, Serving], url: str) -> None:
    meeting = both[0].api.meeting(segments=1)["id"]
    body = {"query": operation("SegmentUpdates"), "variables": {"meetingId": meeting}}
    with httpx.Client(base_url=url, timeout=WAIT_SECONDS) as client:

        def is_answered() -> bool:
            answer = client.post("/graphql", json={"query": "{ __typename }"})
            return answer.status_code == 200 and answer.json() == {"data": {"__typename": "Query"}}

        assert is_answered()
        both[1].kill()
        eventually(is_answered)  # at once if no connection was kept that is broken now
        for _ in range(4):
            assert is_answered()
            with client.stream("POST", "/graphql", json=body, headers={"Accept": "text/event-stream"}) as stream:
                first = next(line for line in stream.iter_lines() if line.startswith("data:"))
                assert "Text 1" in first
