"""A PgBouncer between the code and a database, where one is installed."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from sqlalchemy import make_url

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")
needs_pgbouncer = pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not installed: apt-get install pgbouncer")
START_TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True)
class PgBouncer:
    """A running pooler: its URL of the database, and its process, which may be stopped and continued."""

    url: str
    process: psutil.Process


@contextmanager
def pgbouncer(database_url: str, mode: str, *, size: int = 20, **settings: object) -> Iterator[PgBouncer]:
    """Runs PgBouncer in the mode `transaction` or `session`, with `size` connections to the database."""
    assert PROGRAM is not None
    url = make_url(database_url)
    port = _free_port()
    options = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": mode,
        "default_pool_size": size,
        "max_client_conn": 500,
        **settings,
    }
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as directory:
        configuration = Path(directory, "pgbouncer.ini")
        lines = [f"{name} = {value}" for name, value in options.items()]
        target = f"host={url.query['host']} port={url.query['port']} user={url.username} dbname={url.database}"
        configuration.write_text("\n".join(["[databases]", f"{url.database} = {target}", "[pgbouncer]", *lines, ""]))
        Path(directory).chmod(0o755)
        configuration.chmod(0o644)
        command = [PROGRAM, "-q", *_account(Path(str(url.query["host"]))), str(configuration)]
        with Path(directory, "log").open("wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            _wait_until_it_listens(process, port, Path(directory, "log"))
            through = url.set(host="127.0.0.1", port=port, query={})
            yield PgBouncer(through.render_as_string(hide_password=False), psutil.Process(process.pid))
        finally:
            process.kill()
            process.wait(START_TIMEOUT_SECONDS)


def _account(socket_directory: Path) -> list[str]:
    """Returns the option by which root runs PgBouncer as the user that PostgreSQL runs as."""
    return ["-u", socket_directory.owner()] if psutil.Process().uids().effective == 0 else []


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait_until_it_listens(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise AssertionError(log.read_text())
