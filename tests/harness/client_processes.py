"""Clients as processes that say what they get in lines, mostly of JSON, and a server that they lose and find again."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from tests.harness.commands import Serving, served

TIMEOUT_SECONDS = 40.0
"""Seconds after which what did not come will not come."""
FIRST_PORT = 20_000
PORTS_OF_A_WORKER = 1_000
WORKERS_WITH_PORTS = 12  # the system gives out ports from 32768 on


class Program:
    """A process; `messages` are the lines that it has written so far."""

    def __init__(self, command: Sequence[str | Path], read_line: Callable[[str], Any] = orjson.loads) -> None:
        self.messages: list[Any] = []
        self.errors: list[str] = []
        self._read_line = read_line
        self._changed = threading.Condition()
        self._silent = False
        self._process = subprocess.Popen(
            [*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._readers = [threading.Thread(target=reader) for reader in (self._read_output, self._read_complaints)]
        for reader in self._readers:
            reader.start()

    def _read_output(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with self._changed:
                    self.messages.append(self._read_line(line))
                    self._changed.notify_all()
        with self._changed:
            self._silent = True
            self._changed.notify_all()

    def _read_complaints(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            self.errors += lines

    def has(self, condition: Callable[["Program"], bool], deadline: float) -> bool:
        """Waits until the condition holds, at most to the deadline or the program's end, and tells whether it does."""
        with self._changed:
            self._changed.wait_for(lambda: self._silent or condition(self), max(0, deadline - time.monotonic()))
            return condition(self)

    def end(self, deadline: float) -> int | None:
        """Waits for its end and returns its exit code, or None if it had to be killed."""
        try:
            code = self._process.wait(max(0.01, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            code = None
        for reader in self._readers:
            reader.join()
        return code


@contextmanager
def running_programs(
    commands: Mapping[str, Sequence[str | Path]], read_line: Callable[[str], Any] = orjson.loads
) -> Iterator[dict[str, Program]]:
    """Runs the processes, and kills those that still run at the end."""
    running: dict[str, Program] = {}
    try:
        for name, command in commands.items():
            running[name] = Program(command, read_line)
        yield running
    finally:
        for program in running.values():
            program.end(0)


class RestartableServer:
    """A `rapporteur serve` that can be ended and started again on the same database and port."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._port = _free_port()
        self.start()

    def start(self) -> None:
        self.serving = Serving(served("--port", str(self._port), database_url=self._database_url, demo="false"))
        self.api, self.url = self.serving.api, self.serving.url

    def end(self, by: signal.Signals) -> None:
        """Ends it, and waits until it is gone."""
        self.api.http.close()
        self.serving.process.send_signal(by)
        self.serving.process.wait(TIMEOUT_SECONDS)


@contextmanager
def restartable_server(database_url: str) -> Iterator[RestartableServer]:
    server = RestartableServer(database_url)
    try:
        yield server
    finally:
        server.end(signal.SIGKILL)


class TcpProxy:
    """Forwards connections to a server, keeps what the server has said on each, and can be cut."""

    def __init__(self, server_url: str) -> None:
        self._server = urlsplit(server_url)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self.answers: list[bytearray] = []
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:  # closed
                return
            server = socket.create_connection((self._server.hostname, self._server.port))
            self._open += [client, server]
            self.answers.append(bytearray())
            for ends in ((client, server, bytearray()), (server, client, self.answers[-1])):
                self._threads.append(threading.Thread(target=self._forward, args=ends))
                self._threads[-1].start()

    def _forward(self, one: socket.socket, other: socket.socket, kept: bytearray) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                kept += data
                other.sendall(data)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """Ends all connections; new ones are taken."""
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._threads[0].join()
        self.cut()
        for thread in self._threads[1:]:
            thread.join()
        for end in self._open:
            end.close()


def _free_port() -> int:
    """Returns a free port that no connection gets for its own end, and no other worker, while the server is away."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = FIRST_PORT + worker % WORKERS_WITH_PORTS * PORTS_OF_A_WORKER
    for port in random.sample(range(first, first + PORTS_OF_A_WORKER), PORTS_OF_A_WORKER):
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


def ran(project: Path, *command: str | Path, **environment: str) -> None:
    """Runs a command in the project's folder, which must succeed."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    arguments = [*map(str, command)]
    done = subprocess.run(
        arguments, cwd=project, env=clean | environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
