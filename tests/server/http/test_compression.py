"""Large responses are compressed for clients that accept it, and small ones and streams are not."""

import gzip
import json
from collections.abc import Iterator

import httpx
import pytest

from server.wire.compression import MAX_INLINE_BYTES, MAX_PADDING_BYTES, accepts_gzip, gzip_body
from tests.harness import http
from tests.harness.servers import RunningServer, running_server

SMALL = {"query": "{ __typename }"}


@pytest.fixture(scope="module")
def meeting(server: RunningServer) -> str:
    id: str = server.api.meeting("Compressed", segments=100)["id"]
    return id


def transcript(meeting: str) -> dict[str, object]:
    return {
        "query": "query($id: ID!) { meeting(id: $id) { segments(first: 100) { nodes { text speaker startTime } } } }",
        "variables": {"id": meeting},
    }


def raw(server: RunningServer, body: object, method: str = "POST", **headers: str) -> httpx.Response:
    """Returns a response whose content is as it came: httpx would decompress it."""
    with http.Client(headers={"Accept-Encoding": "identity"}) as client:
        request = client.build_request(method, f"{server.url}/graphql", json=body, headers=headers)
        with_stream = client.send(request, stream=True)
        with_stream._content = b"".join(with_stream.iter_raw())
        return with_stream


@pytest.mark.parametrize("accept", ["gzip", "br, gzip;q=0.5", "*", "GZIP", "x-gzip", "gzip, *;q=0"])
def test_a_large_response_is_compressed(server: RunningServer, meeting: str, accept: str) -> None:
    plain = raw(server, transcript(meeting))
    packed = raw(server, transcript(meeting), **{"Accept-Encoding": accept})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-length"] == str(len(packed.content))
    assert packed.headers["content-type"] == plain.headers["content-type"]
    assert len(packed.content) < len(plain.content) / 2
    assert gzip.decompress(packed.content) == plain.content
    assert "Accept-Encoding" in packed.headers["vary"]
    assert "Accept-Encoding" in plain.headers["vary"]
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize("accept", ["", "identity", "br, zstd", "gzip;q=0", "*;q=0", "gzip;q=0, *"])
def test_who_does_not_accept_it_gets_plain_text(server: RunningServer, meeting: str, accept: str) -> None:
    plain = raw(server, transcript(meeting), **{"Accept-Encoding": accept})
    assert "content-encoding" not in plain.headers
    assert "data" in json.loads(plain.content)


def test_a_small_response_is_not_compressed(server: RunningServer) -> None:
    answer = raw(server, SMALL, **{"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert "vary" not in answer.headers


def test_compression_can_be_switched_off(database_url: str) -> None:
    with running_server(database_url, compression_threshold=0) as server:
        id = server.api.meeting("Plain", segments=100)["id"]
        answer = raw(server, transcript(id), **{"Accept-Encoding": "gzip"})
        assert "content-encoding" not in answer.headers
        assert "vary" not in answer.headers


def test_head_has_the_headers_of_get(server: RunningServer, meeting: str) -> None:
    query = transcript(meeting)["query"]
    parameters = {"query": str(query), "variables": json.dumps({"id": meeting})}
    headers = {"Rapporteur-Preflight": "1", "Accept-Encoding": "gzip"}
    got, head = (
        http.request(method, f"{server.url}/graphql", params=parameters, headers=headers) for method in ("GET", "HEAD")
    )
    assert (got.status_code, head.status_code, head.content) == (200, 200, b"")
    assert got.headers["vary"] == head.headers["vary"] == "Accept, Authorization, Accept-Encoding"
    assert head.headers["content-encoding"] == "gzip"
    mutation = {"query": 'mutation { deactivateVariant(agentId: "x") { __typename } }'}
    refused = http.request("HEAD", f"{server.url}/graphql", params=mutation, headers=headers)
    assert refused.status_code == 405


@pytest.mark.slow
@pytest.mark.parametrize("size", [0, 1, 10_000, MAX_INLINE_BYTES + 1])
async def test_sizes_do_not_tell_what_is_within(size: int) -> None:
    body = b"x" * size
    packed = [b"".join(await gzip_body([body])) for _ in range(200)]
    assert {gzip.decompress(each) for each in packed} == {body}
    lengths = {len(each) for each in packed}
    assert len(lengths) > 20
    assert max(lengths) - min(lengths) <= MAX_PADDING_BYTES


@pytest.mark.parametrize("header", [b"gzip;q=high", b"gzip ; q=1.000", b" gzip"])
def test_odd_headers_are_read_kindly(header: bytes) -> None:
    assert accepts_gzip(header)


def test_events_are_not_compressed(server: RunningServer, meeting: str) -> None:
    body = {
        "query": "subscription($id: ID!) { segmentUpdates(meetingId: $id, batchSize: 100) { segments { text } } }",
        "variables": {"id": meeting},
    }

    def lines() -> Iterator[str]:
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "gzip"}
        with (
            http.Client() as client,
            client.stream("POST", f"{server.url}/graphql", json=body, headers=headers) as stream,
        ):
            assert "content-encoding" not in stream.headers
            yield from stream.iter_lines()

    assert next(line for line in lines() if line.startswith("data: ")).startswith('data: {"data":')
