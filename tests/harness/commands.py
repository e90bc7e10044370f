"""The console command as a process, as users run it."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from tests.harness.servers import Api

COMMAND = [sys.executable, "-c", "from server.cli import app; app()"]


def environment(**settings: str) -> dict[str, str]:
    """This process's, without settings that somebody's shell has, and with those given."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORTEUR_")}
    return clean | {f"RAPPORTEUR_{name.upper()}": value for name, value in settings.items()}


def run(*arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `rapporteur` to its end."""
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, env=environment(**settings), capture_output=True, text=True, timeout=60, check=False)


class Serving:
    """A `rapporteur serve` that listens at `url`; its log so far is in `log`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.log: list[str] = []
        self._urls: queue.Queue[str | None] = queue.Queue()
        # The log is read to its end: a full pipe would stop the server.
        threading.Thread(target=self._read_log, daemon=True).start()
        url = self._urls.get(timeout=60)
        assert url, f"the server did not start: {''.join(self.log)}"
        self.url = url
        self.api = Api(url)

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
        """End it as a crash would: kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End it as an operator would, and give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)


@contextmanager
def serving(**settings: str) -> Iterator[Serving]:
    """`rapporteur serve` on a free port; stopped at the end if it still runs."""
    command = [*COMMAND, "serve", "--port", "0"]
    process = subprocess.Popen(command, env=environment(**settings), stderr=subprocess.PIPE, text=True)
    server = Serving(process)
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
