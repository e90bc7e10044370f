"""Receivers of webhooks on 127.0.0.1: real servers that keep what they are sent, and answer as they are told."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from standardwebhooks import Webhook

SENDING: dict[str, Any] = {"webhook_networks": ("127.0.0.0/8",), "webhook_concurrency": 50}
"""The settings of a server that sends to receivers of this machine."""
Subscribe = Callable[..., Any]
"""Creates a webhook with a URL and types of events, and returns what `createWebhook` answers."""
Execute = Callable[[str, object], list[Any]]
"""Runs a statement with one parameter, and returns its rows."""
WAIT_SECONDS = 30.0
"""The time in which something must arrive, on machines of any speed."""


class Received(NamedTuple):
    """A request that a receiver got."""

    headers: Mapping[str, str]
    body: str

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def verify(self, secret: str) -> Any:
        """Returns the body, verified by the published library."""
        return Webhook(secret).verify(self.body, dict(self.headers))


Behaviour = Callable[[BaseHTTPRequestHandler, int], None]
"""Answers the request with this number, counted from 1."""


def status(code: int, **headers: str) -> Behaviour:
    """Answers each request with this status."""

    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        handler.send_response(code)
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return answer


TAKES = status(204)


def held(handler: BaseHTTPRequestHandler, number: int) -> None:
    """Answers nothing until the receiver is released."""
    server: Any = handler.server
    server.receiver.released.wait()
    status(204)(handler, number)


def statuses(*codes: int) -> Behaviour:
    """Answers with these statuses in turn, and then with the last one."""
    return lambda handler, number: status(codes[min(number, len(codes)) - 1])(handler, number)


class Receiver:
    """A receiver that runs, and what it got."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.received: list[Received] = []
        self.released = threading.Event()
        """Set when those that are kept waiting get their answer, at the latest when the receiver ends."""
        self._changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                with receiver._changed:
                    receiver.received.append(Received({k.lower(): v for k, v in self.headers.items()}, body))
                    number = len(receiver.received)
                    receiver._changed.notify_all()
                receiver.behaviour(self, number)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128
            receiver: "Receiver"

            def handle_error(self, *_: object) -> None:
                """Says nothing where the server closes a connection before the receiver has answered."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.receiver = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def wait(self, count: int) -> list[Received]:
        """Returns what was received, at least so many requests. Fails if they do not come."""
        return self.wait_until(lambda received: len(received) >= count)

    def wait_until(self, is_enough: Callable[[list[Received]], bool]) -> list[Received]:
        with self._changed:
            enough = self._changed.wait_for(lambda: is_enough(self.received), WAIT_SECONDS)
            assert enough, f"only {len(self.received)} requests came: {[each.body for each in self.received]}"
            return list(self.received)

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def receiver(behaviour: Behaviour = TAKES) -> Iterator[Receiver]:
    running = Receiver(behaviour)
    try:
        yield running
    finally:
        running.close()
