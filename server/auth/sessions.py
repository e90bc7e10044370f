"""Ends connections and streams when the key or token that opened them ends."""

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
"""The time between checks of all that is open, if no notification comes before."""


class Sessions:
    """Holds what is open in a process. There is one for a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: dict[object, tuple[Principal, Callable[[], None]]] = {}
        self._keys_changed = asyncio.Event()
        database.notifier.subscribe(self._on_changes)

    @contextmanager
    def track(self, principal: Principal, end: Callable[[], None]) -> Iterator[None]:
        """Holds a session for the length of the block; `end` is called, at most once, when the session must end."""
        session = object()
        self._open[session] = (principal, end)
        try:
            yield
        finally:
            self._open.pop(session, None)

    async def run(self) -> None:
        """Ends the sessions that must end, until it is cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SESSION_CHECK_INTERVAL_SECONDS):
                    await self._keys_changed.wait()
            self._keys_changed.clear()
            try:
                await self._check()
            except ServiceUnavailable as error:
                logger.warning("open sessions are not checked: %s", error)
            except Exception:  # this task checks all sessions, and must go on
                logger.exception("open sessions are not checked")

    async def _check(self) -> None:
        self._end({session for session, (principal, _) in self._open.items() if principal.has_expired})
        principals = {session: each for session, (each, _) in self._open.items() if each.key_id is not None}
        keys = {(each.workspace_id, each.key_id) for each in principals.values() if each.key_id is not None}
        if keys:
            active = await self._database.credentials.filter_active(keys)
            self._end({session for session, principal in principals.items() if principal.key_id not in active})

    def _end(self, sessions: set[object]) -> None:
        for session in sessions:
            if opened := self._open.pop(session, None):
                _, end = opened
                end()

    def _on_changes(self, changes: Changes | None) -> None:
        if changes is None or changes.keys:
            self._keys_changed.set()
