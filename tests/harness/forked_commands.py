"""Starts `rapporteur` as a copy of a process that has imported it: the imports take most of the time of a start."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection

_COPIES = multiprocessing.get_context("forkserver")
_COPIES.set_forkserver_preload(["server.cli.serve"])


class ForkedCommand:
    """A command that runs, with the part of `subprocess.Popen` that tests of servers use."""

    def __init__(self, arguments: Sequence[str], environment: dict[str, str]) -> None:
        reading, writing = _COPIES.Pipe(duplex=False)
        self._process = _COPIES.Process(target=_run, args=(arguments, environment, writing))
        self._process.start()
        writing.close()
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


def _run(arguments: Sequence[str], environment: dict[str, str], stderr: Connection) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(stderr.fileno(), 2)
    stderr.close()
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    sys.argv = ["rapporteur", *arguments]
    from server.cli import app

    app()
