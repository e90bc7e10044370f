"""Runs `rapporteur`: in this process where only its arguments and output matter, else as a process of its own."""

import io
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson

from server.cli import app
from tests.harness.forked_commands import ForkedCommand
from tests.harness.servers import Api
from tests.harness.waiting import eventually

COMMAND = [sys.executable, "-c", "from server.cli import app; app()"]


def environment(**settings: str) -> dict[str, str]:
    """Returns this process's environment with the given settings, and without those of the developer's shell or of `make test`.

    A `make` that finds the variables of another one says which directories it enters and leaves.
    """
    others = ("RAPPORTEUR_", "MAKE", "MFLAGS")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    return clean | {f"RAPPORTEUR_{name.upper()}": value for name, value in settings.items()}


def run(*arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end in this process: importing all that it needs anew takes longer than most commands do.

    An exception that the command does not handle is raised.
    """
    command = [str(argument) for argument in arguments]
    output, errors = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with (
        patch.dict(os.environ, environment(**settings), clear=True),
        _process_state_kept(),
        redirect_stdout(output),
        redirect_stderr(errors),
    ):
        try:
            app.main(command, prog_name="rapporteur")
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    return subprocess.CompletedProcess(command, code, _written(output), _written(errors))


def _written(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


@contextmanager
def _process_state_kept() -> Iterator[None]:
    """Restores what `serve` changes of its process before it refuses to start: the log's handlers, and the signals'."""
    loggers = [logging.getLogger(), *(logging.getLogger(name) for name in list(logging.root.manager.loggerDict))]
    states = [(logger, logger.handlers[:], logger.filters[:], logger.level, logger.propagate) for logger in loggers]
    on_signals = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in on_signals.items():
            signal.signal(number, handler)
        for logger, handlers, filters, level, propagate in states:
            logger.handlers[:], logger.filters[:] = handlers, filters
            logger.setLevel(level)
            logger.propagate = propagate


def run_process(
    *arguments: str | Path, input: bytes = b"", stdout: io.IOBase | None = None, **settings: str
) -> "subprocess.CompletedProcess[Any]":
    """Runs a command to its end as a process, with pipes as users have them: its output is bytes, and its errors are text."""
    command = [str(argument) for argument in arguments]
    (stdin, writing), (reading, piped) = os.pipe(), os.pipe()
    process = ForkedCommand(command, environment(**settings), stdin, stdout or piped)
    os.close(stdin)
    os.close(piped)

    def write() -> None:
        with suppress(BrokenPipeError), os.fdopen(writing, "wb") as pipe:
            pipe.write(input)

    with ThreadPoolExecutor() as pool, os.fdopen(reading, "rb") as output, process.stderr as errors:
        pool.submit(write)
        complaints = pool.submit(errors.read)
        written = output.read()
        return subprocess.CompletedProcess(command, process.wait(60), written, complaints.result())


class Serving:
    """A `rapporteur serve` that answers at `url`, with all of its workers; its log so far is in `log`."""

    def __init__(self, process: subprocess.Popen[str] | ForkedCommand, workers: int = 1) -> None:
        self.process = process
        self.log: list[str] = []
        self._urls: queue.Queue[str | None] = queue.Queue()
        # The log is read to its end: a full pipe would stop the server.
        threading.Thread(target=self._read_log, daemon=True).start()
        url = self._urls.get(timeout=60)
        assert url, f"the server did not start: {''.join(self.log)}"
        self.url = url
        self.api = Api(url)
        # A request that comes before waits for the workers, which may take longer to start than a request may take.
        eventually(lambda: sum("Application startup complete" in line for line in list(self.log)) >= workers)

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                self.log.append(line)
                message = orjson.loads(line)["message"] if line.startswith("{") else line
                if message.startswith("Uvicorn running on "):
                    self._urls.put(message.removeprefix("Uvicorn running on ").split()[0])
        self._urls.put(None)

    def kill(self) -> None:
        """Ends it as a crash would: kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ends it as an operator would, and returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)


def served(*options: str, **settings: str) -> ForkedCommand:
    """Starts `rapporteur serve`."""
    return ForkedCommand(["serve", *options], environment(**settings))


def served_anew(*options: str, **settings: str) -> subprocess.Popen[str]:
    """Starts `rapporteur serve` as users do: it and its workers are no copies."""
    return subprocess.Popen(
        [*COMMAND, "serve", *options], env=environment(**settings), stderr=subprocess.PIPE, text=True
    )


@contextmanager
def serving(
    start: Callable[..., subprocess.Popen[str] | ForkedCommand] = served, /, **settings: str
) -> Iterator[Serving]:
    """Runs `rapporteur serve` on a free port, and stops it at the end if it still runs."""
    process = start("--port", "0", **settings)
    server = Serving(process, int(settings.get("workers", "1")))
    try:
        yield server
    finally:
        server.api.http.close()
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
