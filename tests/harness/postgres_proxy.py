"""Between a server and its PostgreSQL: what goes over the wire."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import make_url

ROUND_TRIP_MESSAGES = (b"Q", b"S", b"H")
"""Query, Sync, Flush: after these a client waits for the answer, so each is a round trip."""


class PostgresProxy:
    """Passes connections on, and keeps the round trips of each: a simple query's SQL, or the types of the messages."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections: list[list[str]] = []
        self._silenced = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def silence(self) -> None:
        """Lets nothing through any more on the connections that are open, and closes none; new ones work."""
        self._silenced = len(self.connections)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            if self._target[0].startswith("/"):
                server = socket.socket(socket.AF_UNIX)
                server.connect(f"{self._target[0]}/.s.PGSQL.{self._target[1]}")
            else:
                server = socket.create_connection(self._target)
            trips: list[str] = []
            number = len(self.connections)
            self.connections.append(trips)
            threading.Thread(target=self._requests, args=(client, server, trips, number), daemon=True).start()
            threading.Thread(target=self._answers, args=(server, client, number), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket, trips: list[str], number: int) -> None:
        """Passes on each message: a type, a length, a body; only the first has no type."""
        with closing(client), closing(server), client.makefile("rb") as messages:

            def rest() -> tuple[bytes, bytes]:
                length = messages.read(4)
                return length, messages.read(struct.unpack("!I", length)[0] - 4)

            try:
                server.sendall(b"".join(rest()))
                kinds = ""
                while kind := messages.read(1):
                    length, body = rest()
                    kinds += kind.decode()
                    if kind in ROUND_TRIP_MESSAGES:  # noted before the answer can come
                        trips.append(body[:-1].decode() if kind == b"Q" else kinds)
                        kinds = ""
                    if number >= self._silenced:
                        server.sendall(kind + length + body)
            except (OSError, struct.error):  # cut off, in the middle of a message perhaps
                pass

    def _answers(self, server: socket.socket, client: socket.socket, number: int) -> None:
        try:
            while part := server.recv(65536):
                if number >= self._silenced:
                    client.sendall(part)
            client.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


@contextmanager
def postgres_proxy(database_url: str) -> Iterator[tuple[str, PostgresProxy]]:
    """Yields a URL of the same database that leads through a proxy, and the proxy."""
    url = make_url(database_url)
    host = url.query.get("host") or url.host or "127.0.0.1"
    assert isinstance(host, str)
    port = url.query.get("port") or url.port or 5432
    assert isinstance(port, str | int)
    between = PostgresProxy(host, int(port))
    through = url.difference_update_query(["host", "port"]).set(host="127.0.0.1", port=between.port)
    try:
        yield through.update_query_dict({"sslmode": "disable"}).render_as_string(hide_password=False), between
    finally:
        between.close()
