"""Configurations on disk, for a worker that starts while the server is away. The processes of a machine may share them.

Each agent has a file of its own, which is replaced as a whole, so nobody ever reads half of one. Its time of modification says
when a process last knew it to be what the server has. The folder's name has the number of the format and a hash of the server's
URL: processes with a newer library, and other servers, have other folders. What cannot be read counts as not there, and what
cannot be written is logged.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from rapporteur_client.configs import ResolvedConfig, from_json, is_slug, to_json

FORMAT = 1
ABANDONED_SECONDS = 3600.0
"""The age of a temporary file whose writer has died."""

_TEMPORARY_SUFFIX = ".tmp"
_log = logging.getLogger("rapporteur_client")


class DiskCache:
    """The files of the agents of one server."""

    def __init__(self, folder: str | os.PathLike[str], server_url: str) -> None:
        """`folder` is for one workspace only: the files do not say to which one they belong."""
        name = f"v{FORMAT}-{hashlib.sha256(server_url.encode()).hexdigest()[:16]}"
        self.folder = Path(folder).expanduser() / name
        self._written: dict[str, tuple[int, ResolvedConfig]] = {}
        """The inode and the content of each agent's file, as this process knows it: another inode is another process's."""
        self._is_failing = False

    def load(self) -> dict[str, tuple[ResolvedConfig, float]]:
        """Returns each agent's configuration, with the time (seconds since 1970) when it was known to be current."""
        loaded = {}
        try:
            paths = list(self.folder.iterdir())
        except OSError:
            return {}
        for path in paths:
            with suppress(OSError):
                if path.suffix == ".json" and (found := _read(path)) is not None and found.agent_slug == path.stem:
                    loaded[path.stem] = (found, path.stat().st_mtime)
                elif path.suffix == _TEMPORARY_SUFFIX and time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                    path.unlink()
        return loaded

    def store(self, configs: Mapping[str, ResolvedConfig], gone: Iterable[str] = ()) -> None:
        """Writes what is not there yet, says of the rest that it is current now, and removes the files of `gone`."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for slug, config in configs.items():
                if is_slug(slug):
                    self._store(self.folder / f"{slug}.json", config)
            for slug in gone:
                self._written.pop(slug, None)
                if is_slug(slug):
                    (self.folder / f"{slug}.json").unlink(missing_ok=True)
            self._is_failing = False
        except OSError as error:
            if not self._is_failing:
                _log.warning("configurations are not kept on disk: %s", error)
            self._is_failing = True

    def _store(self, path: Path, config: ResolvedConfig) -> None:
        inode = _inode(path)
        if inode is not None and (self._written.get(path.stem) == (inode, config) or _read(path) == config):
            os.utime(path)
        else:
            _replace(path, {"format": FORMAT, "config": to_json(config)})
            inode = _inode(path)
        if inode is not None:
            self._written[path.stem] = (inode, config)


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def _read(path: Path) -> ResolvedConfig | None:
    try:
        stored = json.loads(path.read_bytes())
        return from_json(stored["config"]) if stored["format"] == FORMAT else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        if not isinstance(error, FileNotFoundError):
            _log.warning("%s is not read: %r", path, error)
        return None


def _replace(path: Path, value: object) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=_TEMPORARY_SUFFIX)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(value, file)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
