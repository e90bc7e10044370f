"""Runs the proxies that docs/self-hosting.md configures before a server that asks for keys, as the page has them."""

import shutil
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from domain.principals import Scope
from server.wire.graphql_files import operation
from tests.harness.api_keys import create_api_key
from tests.harness.certificates import self_signed
from tests.harness.proxies import NAME, running_proxy
from tests.harness.servers import Api, RunningServer, running_server, segment
from tests.harness.websocket_client import PROTOCOL, WebSocketClient

pytestmark = pytest.mark.slow

WAIT_SECONDS = 20
STREAM_ATTEMPT_COUNT = 5


@pytest.fixture(params=["nginx", "caddy"])
def proxy_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not here")
    return name


@pytest.fixture
def guarded(database_url: str) -> Iterator[tuple[RunningServer, Api]]:
    token = create_api_key(database_url, Scope.WRITE)
    with running_server(database_url, auth=True) as server:
        api = Api(server.url, token)
        yield server, api
        api.http.close()


def test_everything_passes_through_the_proxy(
    guarded: tuple[RunningServer, Api], proxy_name: str, tmp_path: Path
) -> None:
    server, api = guarded
    certificate = self_signed(tmp_path, NAME)
    trusted = ssl.create_default_context(cafile=str(certificate))
    authorization = {"Authorization": api.http.headers["Authorization"]}
    meeting = api.meeting(segments=1)["id"]
    with running_proxy(proxy_name, server, tmp_path) as port:
        request: dict[str, Any] = {
            "url": f"https://127.0.0.1:{port}/graphql",
            "headers": authorization | {"Host": NAME},
        }
        request["extensions"] = {"sni_hostname": NAME}
        body = {"query": operation("SegmentUpdates"), "variables": {"meetingId": meeting}}

        with httpx.Client(verify=trusted, timeout=WAIT_SECONDS) as client:
            answer = client.post(json={"query": "{ viewer { scopes } }"}, **request)
            assert answer.json() == {"data": {"viewer": {"scopes": ["READ", "WRITE"]}}}
            assert "max-age" in answer.headers["Strict-Transport-Security"]

            request["headers"]["Accept"] = "text/event-stream"
            with ExitStack() as streams:
                # Caddy 2.6 now and then closes its connection to the server as a stream begins, and ends the client's:
                # "reading from backend: use of closed network connection". Clients connect again, and so does this one.
                for _ in range(STREAM_ATTEMPT_COUNT):
                    stream = streams.enter_context(client.stream("POST", json=body, **request))
                    assert stream.status_code == 200, stream.read()
                    lines = stream.iter_lines()
                    if first := next((line for line in lines if line.startswith("data:")), None):
                        break
                assert "Text 1" in (first or "")
                api.run("UpsertSegments", meetingId=meeting, segments=[segment(2)])  # comes at once, or not at all
                assert "Text 2" in next(line for line in lines if line.startswith("data:"))

        # Two threads of this client use its connection at once, which OpenSSL does not allow while tickets of TLS 1.3 arrive.
        trusted.maximum_version = ssl.TLSVersion.TLSv1_2
        connection = connect(
            f"wss://{NAME}/graphql",
            address=("127.0.0.1", port),
            ssl=trusted,
            origin=Origin(f"https://{NAME}"),  # a page of the same origin
            additional_headers=authorization,
            subprotocols=[Subprotocol(PROTOCOL)],
            proxy=None,
        )
        with connection:
            live = WebSocketClient(connection)
            live.initialise()
            live.start("1", "SegmentUpdates", meetingId=meeting)
            assert len(live.next("1")["segments"]) == 2
            api.run("UpsertSegments", meetingId=meeting, segments=[segment(3)])
            assert [each["segmentId"] for each in live.next("1")["segments"]] == [3]
