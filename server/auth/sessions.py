"""The connections and streams that stay open: each ends when the key or token that it came with does."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from db.change_notifier import Changes
from db.database import Database
from domain.errors import ServiceUnavailable
from domain.principals import Principal

logger = logging.getLogger("rapporteur.auth")

SESSION_CHECK_INTERVAL_SECONDS = 2.0
"""Seconds between looks at all that is open, also where no notification came."""


class Sessions:
    """One for a process and database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: dict[object, tuple[Principal, Callable[[], None]]] = {}
        self._changed = asyncio.Event()
        database.notifier.subscribe(self._on_changes)

    @contextmanager
    def track(self, principal: Principal, end: Callable[[], None]) -> Iterator[None]:
        """A session for the length of the block; `end` is called, at most once, when it must end."""
        name = object()
        self._open[name] = (principal, end)
        try:
            yield
        finally:
            self._open.pop(name, None)

    async def run(self) -> None:
        """End what must end, until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SESSION_CHECK_INTERVAL_SECONDS):
                    await self._changed.wait()
            self._changed.clear()
            try:
                await self._look()
            except ServiceUnavailable as error:
                logger.warning("open sessions are not looked at: %s", error)
            except Exception:  # the one task of all sessions must go on
                logger.exception("open sessions are not looked at")

    async def _look(self) -> None:
        self._end({name for name, (principal, _) in self._open.items() if principal.has_expired})
        asked = {name: principal for name, (principal, _) in self._open.items() if principal.key_id is not None}
        keys = {(each.workspace_id, each.key_id) for each in asked.values() if each.key_id is not None}
        if keys:
            async with self._database.credentials() as credentials:
                active = await credentials.filter_active(keys)
            self._end({name for name, principal in asked.items() if principal.key_id not in active})

    def _end(self, names: set[object]) -> None:
        for name in names:
            if session := self._open.pop(name, None):
                session[1]()

    def _on_changes(self, changes: Changes | None) -> None:
        if changes is None or changes.keys:
            self._changed.set()
