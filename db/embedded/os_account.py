"""The operating system's account that PostgreSQL runs under: the user's own, or another one where that is root."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from domain.errors import DatabaseUnusable

UNPRIVILEGED_ACCOUNTS = ("postgres", "nobody")
"""The accounts that are tried, in this order, where root starts the server and owns the folders above the data, too."""


class ProcessOptions(TypedDict, total=False):
    """The arguments of `subprocess.Popen` that make a process run under another account."""

    user: int
    group: int
    extra_groups: list[str | int]


@dataclass(frozen=True, slots=True)
class Account:
    """A user and a group, by their numbers."""

    uid: int
    gid: int

    @property
    def is_own(self) -> bool:
        """Tells whether this process runs under the account already."""
        return self.uid == os.geteuid()

    @property
    def process_options(self) -> ProcessOptions:
        """The arguments of `subprocess.Popen` that make a process run under the account."""
        return {} if self.is_own else {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Gives a file or folder to the account. A symbolic link is given itself, not what it points to."""
        if not self.is_own:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def account_for(cluster: Path) -> Account:
    """Returns the account for the PostgreSQL in a folder, which need not exist yet.

    PostgreSQL refuses to run as root. Where root starts it, it runs as the owner of its data; before there are any, as the
    owner of the nearest folder above them, unless that is root too; else as one of `UNPRIVILEGED_ACCOUNTS`.

    Raises DatabaseUnusable if the data belong to root, or if the system has none of these accounts.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    has_data = (cluster / "PG_VERSION").exists()
    owner = (cluster if has_data else next(path for path in cluster.parents if path.exists())).stat()
    if has_data and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    entry = _unprivileged(owner.st_uid)
    if has_data:
        raise DatabaseUnusable(
            f"PostgreSQL refuses to run as root, to whom its data in {cluster} belong: give them to another user"
            f" (chown -R {entry.pw_name} that folder)"
        )
    return Account(entry.pw_uid, entry.pw_gid)


def _unprivileged(owner: int) -> pwd.struct_passwd:
    if owner != 0:
        try:
            return pwd.getpwuid(owner)
        except KeyError:
            pass  # initdb refuses to work for a user without a name
    for name in UNPRIVILEGED_ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise DatabaseUnusable(
        f"PostgreSQL refuses to run as root, and this system has no account {' or '.join(UNPRIVILEGED_ACCOUNTS)}:"
        " start Rapporteur as another user"
    )
