"""Replaces the present cluster by a new one, as a restore and an upgrade do: completely or not at all.

data directory/
├── postgres/                      the present cluster
├── postgres-making/               the new one, until it is finished
├── postgres-next/                 the finished one, until the other one is out of its way
└── postgres-20261129-101500/      the cluster before the last replacement
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from db.data_dir import next_cluster_dir
from db.embedded.cluster import make_cluster
from db.embedded.os_account import Account
from db.embedded.postmaster import ensure_postmaster, find_postmaster


@contextmanager
def new_cluster(cluster: Path, account: Account) -> Iterator[str]:
    """Gives the URL of a server on a new cluster, which is there as `postgres-next` after the block, unless that raises.

    Nobody else may use the data directory at the same time.
    """
    making = cluster.with_name("postgres-making")
    _remove(making)
    try:
        make_cluster(making, account)
        server = ensure_postmaster(making, account)
        try:
            yield server.url
        finally:
            server.stop()
        making.rename(next_cluster_dir(cluster))
        _sync(cluster.parent)
    finally:
        _remove(making)


def finish_replacement(cluster: Path) -> Path | None:
    """Puts a finished cluster into its place, also if an earlier attempt was interrupted.

    Returns the folder that the former cluster has got, if there was one. No server may run on it.
    """
    following = next_cluster_dir(cluster)
    if not following.exists():
        return None
    kept = None
    if cluster.exists():
        kept = cluster.with_name(f"{cluster.name}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}")
        cluster.rename(kept)
    following.rename(cluster)
    _sync(cluster.parent)
    return kept


def _remove(making: Path) -> None:
    """Removes a cluster that was not finished, and its server, which a killed process has left."""
    if running := find_postmaster(making):
        running.stop()
    if making.exists():
        shutil.rmtree(making)


def _sync(folder: Path) -> None:
    """Writes the names in a folder to the disk, so that they survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
