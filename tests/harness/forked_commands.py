"""Starts `rapporteur` as a copy of a process that has imported it: the imports take most of the time of a start."""

import io
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection

from uvicorn import _subprocess as uvicorn_subprocess

_COPIES = multiprocessing.get_context("forkserver")
_COPIES.set_forkserver_preload(["tests.harness.forked_imports"])


class ForkedCommand:
    """A command that runs, with the part of `subprocess.Popen` that tests use. Its workers are copies of it, too.

    Its standard input is empty, and its standard output is that of the tests, unless they are given.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        environment: dict[str, str],
        stdin: io.IOBase | int | None = None,
        stdout: io.IOBase | int | None = None,
    ) -> None:
        reading, writing = _COPIES.Pipe(duplex=False)
        redirected = [None if each is None else Connection(os.dup(_number(each))) for each in (stdin, stdout)]
        self._process = _COPIES.Process(target=_run, args=(arguments, environment, *redirected, writing))
        self._process.start()
        for connection in (*redirected, writing):
            if connection:
                connection.close()
        self.stderr = os.fdopen(os.dup(reading.fileno()))
        reading.close()

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Returns the exit code: that of the signal, negated, if one has ended the process."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("rapporteur", timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _number(file: io.IOBase | int) -> int:
    return file if isinstance(file, int) else file.fileno()


def _run(
    arguments: Sequence[str],
    environment: dict[str, str],
    stdin: Connection | None,
    stdout: Connection | None,
    stderr: Connection,
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for number, connection in enumerate((stdin, stdout, stderr)):
        if connection:
            os.dup2(connection.fileno(), number)
            connection.close()
    if stdin:
        sys.stdin = os.fdopen(0, closefd=False)
    if stdout:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    sys.argv = ["rapporteur", *arguments]
    uvicorn_subprocess.spawn = multiprocessing.get_context("fork")  # type: ignore[assignment]
    from server.cli import app

    app()
