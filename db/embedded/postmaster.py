"""The server process of a cluster: found, started, waited for, stopped."""

import contextlib
import hashlib
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil

from db.embedded.cluster import SUPERUSER, data_argument
from db.embedded.os_account import Account
from db.embedded.programs import environment, find_programs, first_cause
from domain.errors import DatabaseUnusable, ServiceUnavailable

START_TIMEOUT_SECONDS = 120.0
"""The time that a server may take until it answers, the recovery from a crash included."""
STOP_TIMEOUT_SECONDS = 60.0
POLL_SECONDS = 0.02
LONGEST_SOCKET_PATH_BYTES = 103 if sys.platform == "darwin" else 107
MAX_LOG_BYTES = 16 * 1024 * 1024
"""A log that is longer at the start of a server makes way for a new one."""

_SOCKET = ".s.PGSQL.5432"
_SOCKET_DIR_PREFIX = "rapporteur-"
_SOCKET_DIR_PARENTS = ("/run", "/tmp", tempfile.gettempdir())
"""The first in which a folder can be made is taken: root's /run, as other services may have a /tmp of their own."""


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A running server, as the file `postmaster.pid` in its cluster describes it."""

    process: psutil.Process
    port: str
    socket_dir: str
    status: str
    """`starting`, `ready`, `stopping` or `standby`; empty before the server has got that far."""

    @property
    def url(self) -> str:
        """The URL of the server's first database."""
        return f"postgresql://{SUPERUSER}@/{SUPERUSER}?host={quote(self.socket_dir)}&port={self.port}"

    def stop(self) -> None:
        """Stops the server and waits until it is gone; open transactions are rolled back."""
        _stop(self.process)
        _remove_socket_dir(Path(self.socket_dir))


def find_postmaster(cluster: Path) -> Postmaster | None:
    """Returns the server of the cluster, or None if none runs; the number in a file left behind may be another program's."""
    try:
        lines = os.fsdecode((cluster / "postmaster.pid").read_bytes()).splitlines()
        process = psutil.Process(int(lines[0]))
        if not _works_in(process, cluster):
            return None
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        return None
    lines += [""] * 8
    return Postmaster(process, port=lines[3].strip(), socket_dir=lines[4].strip(), status=lines[7].strip())


def ensure_postmaster(cluster: Path, account: Account, postgres: Path | None = None) -> Postmaster:
    """Returns the server of the cluster, and starts one if none runs. Nobody else may do so at the same time.

    `postgres` names the program, where it is not that of the present version.

    Raises DatabaseUnusable with the first cause if it ends, and ServiceUnavailable if it takes too long.
    """
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    started: subprocess.Popen[bytes] | None = None
    log = cluster / "log"
    try:
        while time.monotonic() < deadline:
            found = find_postmaster(cluster)
            if found is not None and found.status == "ready":
                if started is not None:
                    started.returncode = 0  # the postmaster outlives this process: Popen should not warn about that
                return found
            if found is None and started is None:
                _remove_traces(cluster)
                socket_dir = _socket_dir(cluster, account)
                log_start, started = _start(postgres, cluster, account, log, socket_dir)
            elif started is not None and started.poll() is not None:
                raise DatabaseUnusable(
                    f"the embedded PostgreSQL in {cluster} does not start: {first_cause(_read(log, log_start))}"
                    f" (its log is {log})"
                )
            time.sleep(POLL_SECONDS)
    except BaseException:
        if started is not None:
            if started.poll() is None:
                _stop(psutil.Process(started.pid))
            _remove_socket_dir(socket_dir)
        raise
    raise ServiceUnavailable(
        f"the embedded PostgreSQL in {cluster} is not ready after {START_TIMEOUT_SECONDS:.0f} s, and goes on starting:"
        f" try again later (its log is {log})"
    )


def _stop(process: psutil.Process) -> None:
    for number, seconds in ((signal.SIGINT, STOP_TIMEOUT_SECONDS), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        try:
            process.send_signal(number)
            process.wait(seconds)
        except psutil.TimeoutExpired:
            continue
        except psutil.NoSuchProcess:
            pass
        return


def _start(
    postgres: Path | None, cluster: Path, account: Account, log: Path, socket_dir: Path
) -> tuple[int, "subprocess.Popen[bytes]"]:
    """Returns the length of the log before the start, and the process."""
    for name in (_SOCKET, f"{_SOCKET}.lock"):
        (socket_dir / name).unlink(missing_ok=True)  # after a crash the number in it may be another program's
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".1"))
    settings = ("listen_addresses=", f"unix_socket_directories={socket_dir}", "unix_socket_permissions=0700")
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    try:
        account.own(log)
        length = os.fstat(descriptor).st_size
        process = subprocess.Popen(
            [
                *(postgres or find_programs(account) / "postgres", "-D", data_argument(cluster)),
                *(argument for setting in settings for argument in ("-c", setting)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            cwd=cluster,
            env=environment(),
            start_new_session=True,  # a terminal's Ctrl-C should not end the database
            umask=0o077,
            **account.process_options,
        )
        return length, process
    finally:
        os.close(descriptor)


def _socket_dir(cluster: Path, account: Account) -> Path:
    """Returns the folder for the server's socket: the cluster itself, or a short one where its path does not serve."""
    path = str(cluster / _SOCKET)
    fits = len(os.fsencode(path)) <= LONGEST_SOCKET_PATH_BYTES and path.isprintable() and not set(path) & set(',"')
    if fits and data_argument(cluster) == cluster:
        return cluster
    name = f"{_SOCKET_DIR_PREFIX}{account.uid}-{hashlib.sha256(os.fsencode(cluster)).hexdigest()[:12]}"
    for parent in _SOCKET_DIR_PARENTS:
        directory = Path(parent, name)
        try:
            directory.mkdir(mode=0o700)
            account.own(directory)
        except FileExistsError:
            pass
        except OSError:
            continue
        found = directory.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and not found.st_mode & 0o077:
            return directory
    raise DatabaseUnusable(
        f"there is no folder for PostgreSQL's socket: {name} can be made in none of {', '.join(_SOCKET_DIR_PARENTS)},"
        " or is another user's; let TMPDIR name another one, of a short path"
    )


def _remove_socket_dir(directory: Path) -> None:
    """Removes a folder that was made for a socket, once there is none in it."""
    if directory.name.startswith(_SOCKET_DIR_PREFIX):
        with contextlib.suppress(OSError):
            directory.rmdir()


def _remove_traces(cluster: Path) -> None:
    """Removes the pid file of a server that is gone, once the last of its processes is gone, too.

    PostgreSQL takes any program that has got the number since for its server.
    """
    pid_file = cluster / "postmaster.pid"
    if not pid_file.exists():
        return
    left = [process for process in psutil.process_iter() if _works_in(process, cluster)]
    _, alive = psutil.wait_procs(left, timeout=STOP_TIMEOUT_SECONDS)
    if alive:
        numbers = ", ".join(str(process.pid) for process in alive)
        raise DatabaseUnusable(f"processes of a server that crashed still use {cluster}: end them (kill {numbers})")
    pid_file.unlink(missing_ok=True)


def _works_in(process: psutil.Process, cluster: Path) -> bool:
    """Returns whether the process is one of PostgreSQL's in the cluster: each has it for its working directory."""
    try:
        return process.name().startswith("postgres") and os.path.samefile(process.cwd(), cluster)
    except (OSError, psutil.Error):
        return False


def _read(log: Path, start: int) -> str:
    with log.open("rb") as file:
        file.seek(start)
        return file.read(MAX_LOG_BYTES).decode(errors="replace")
