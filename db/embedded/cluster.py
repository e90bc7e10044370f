"""The cluster: the folder of PostgreSQL's files, which `initdb` makes once."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from db.embedded.os_account import Account
from db.embedded.programs import LONGEST_PATH_BYTES, find_programs, first_cause, run
from domain.errors import DatabaseUnusable

SUPERUSER = "postgres"
INITDB_TIMEOUT_SECONDS = 300
_WORKING_DIRECTORY = Path("/proc/self/cwd")
_LOCALES = ("C.UTF-8", "UTF-8", "C")
"""Names that systems have for a character classification of all of Unicode; the last has ASCII only, and is everywhere."""


def data_argument(cluster: Path) -> Path:
    """Returns what the option `-D` names, for a program that runs in the folder.

    PostgreSQL wants an absolute path, and to be able to enter every folder on it, which another account than root's may not;
    and it wants no line break in it, and not too many bytes. Where that is in doubt, it gets the name that Linux has for the
    working directory of any process, which needs none of this.
    """
    doubtful = os.geteuid() == 0 or not str(cluster).isprintable() or len(os.fsencode(cluster)) > LONGEST_PATH_BYTES
    return _WORKING_DIRECTORY if doubtful and _WORKING_DIRECTORY.exists() else cluster


def major_version(cluster: Path) -> int | None:
    """Returns the major version of PostgreSQL whose data these are, or None if there are none."""
    try:
        return int((cluster / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None
    except ValueError:
        raise DatabaseUnusable(f"{cluster} holds no data of PostgreSQL: its PG_VERSION has no number") from None


def make_cluster(cluster: Path, account: Account) -> None:
    """Makes a cluster, whole or not at all: one that was interrupted would look like a finished one.

    Raises DatabaseUnusable if it cannot be made.
    """
    if cluster.exists() and any(cluster.iterdir()):
        raise DatabaseUnusable(
            f"{cluster} is not empty, and holds no data of PostgreSQL: move it away, or let RAPPORTEUR_DATA_DIR name"
            " another folder"
        )
    for unfinished in cluster.parent.glob("new-*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    programs = find_programs(account)
    for locale in _LOCALES:
        new = Path(tempfile.mkdtemp(prefix="new-", dir=cluster.parent))
        try:
            account.own(new)
            _initdb(programs, new, account, locale)
            new.rename(cluster)
        except subprocess.CalledProcessError as error:
            if "locale" in error.stderr and locale != _LOCALES[-1]:
                continue
            raise DatabaseUnusable(
                f"the embedded PostgreSQL in {cluster} cannot be made: {first_cause(error.stderr)}"
            ) from None
        finally:
            shutil.rmtree(new, ignore_errors=True)
        return


def _initdb(programs: Path, new: Path, account: Account, locale: str) -> None:
    """Runs initdb for a cluster that sorts and folds case in the same way on every system."""
    options = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    run(
        [
            *(
                programs / "initdb",
                "-D",
                data_argument(new),
                "--username",
                SUPERUSER,
                "--auth=trust",
                "--no-instructions",
            ),
            *(*options, f"--lc-ctype={locale}"),
        ],
        account,
        cwd=new,
        timeout=INITDB_TIMEOUT_SECONDS,
    )
