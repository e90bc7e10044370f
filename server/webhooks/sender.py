"""Sends the deliveries that are due, in the background of every server. Servers share them: each takes what no other has."""

import asyncio
import contextlib
import logging
from collections import Counter
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING

from db.change_notifier import Changes
from db.database import Database
from domain.errors import ServiceUnavailable
from domain.history import Author
from domain.ids import WebhookId
from domain.webhooks import DISABLE_AFTER, FAILED_FOR_LONG, GONE, Attempt, Message, retry_delay
from server.webhooks.addresses import AddressBook
from server.webhooks.contents import Contents

if TYPE_CHECKING:
    from server.webhooks.receivers import Answer, Receivers

logger = logging.getLogger("rapporteur.webhooks")

POLL_SECONDS = 1.0
"""The time between two looks for what is due, where there are webhooks."""
IDLE_POLL_SECONDS = 5.0
"""The time after which a server notices the first webhook of all, and tries again after an error."""
MIN_PAUSE_SECONDS = 0.05
"""The time in which changes collect before the next look: each one costs a statement."""
TIDY_SECONDS = 600.0
MAX_SHARE = 10
"""The number of attempts to one receiver at once, or nearly: those that are taken together may be as many. At most it is a
quarter of all."""
NOTE_RETRY_DELAYS_SECONDS = (1.0, 5.0, 15.0)
"""The times after which an outcome that the database could not take is noted again; else the message would be sent twice."""
STOP_SECONDS = 5.0
"""The time that attempts under way have when the server stops. Others repeat those that are not done by then."""
GONE_STATUS = 410

attempt_counts: Counter[str] = Counter(delivered=0, failed=0)
"""The numbers of attempts of this process by their outcome."""


class WebhookSender:
    """Sends deliveries, up to `concurrency` at once."""

    def __init__(self, database: Database, contents: Contents, addresses: AddressBook, concurrency: int) -> None:
        self._database = database
        self._contents = contents
        self._addresses = addresses
        self._concurrency = concurrency
        self._share = max(1, min(MAX_SHARE, concurrency // 4))
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way: Counter[WebhookId] = Counter()
        self._failing: set[WebhookId] = set()
        """The webhooks under way that failed last."""
        self._receivers: Receivers | None = None
        self._wake = asyncio.Event()
        self._has_webhooks = False
        self._is_waiting = False
        """True while the database cannot be asked, which is logged once."""

    async def run(self) -> None:
        """Sends what is due, again and again, until it is cancelled; then it lets attempts that are under way end."""
        tidying = asyncio.create_task(self._tidy())
        self._database.notifier.subscribe(self._notice)
        try:
            while True:
                pause = await self._start_due()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._wake.wait()
                await asyncio.sleep(MIN_PAUSE_SECONDS)
                self._wake.clear()
        finally:
            self._database.notifier.unsubscribe(self._notice)
            tidying.cancel()
            await self._end_attempts()

    def _notice(self, changes: Changes | None) -> None:
        """Has the sender look at once where something changed that is sent at once; writes of segments are not."""
        if (
            changes is None
            or changes.webhooks
            or (self._has_webhooks and (changes.meeting_lists or changes.config_sets))
        ):
            self._wake.set()

    async def _start_due(self) -> float:
        """Starts an attempt of each delivery that is due, as far as there is room. Returns the seconds to the next look."""
        try:
            async with self._database.outbox() as outbox:
                self._has_webhooks = await outbox.has_webhooks()
                self._is_waiting = False
                if not self._has_webhooks:
                    return IDLE_POLL_SECONDS
                free = self._concurrency - len(self._tasks)
                for_failing = max(1, self._concurrency // 2) - len(self._failing)
                messages = await outbox.claim(free, self._share, for_failing, self._busy()) if free else []
        except Exception as error:  # the next look may succeed
            if not self._is_waiting:
                logger.warning("webhooks wait: %s", error, exc_info=not isinstance(error, ServiceUnavailable))
            self._is_waiting = True
            return IDLE_POLL_SECONDS
        for message in messages:
            self._start(message)
        return POLL_SECONDS

    def _busy(self) -> list[WebhookId]:
        """Returns the webhooks that get no further attempt now: one that fails gets the next when the last has ended."""
        return [id for id, count in self._under_way.items() if count >= self._share or id in self._failing]

    def _start(self, message: Message) -> None:
        id = message.webhook_id
        self._under_way[id] += 1
        if message.failing_since is not None:
            self._failing.add(id)
        task = asyncio.create_task(self._attempt(message))
        self._tasks.add(task)

        def end(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            self._under_way[id] -= 1
            if not self._under_way[id]:
                del self._under_way[id]
                self._failing.discard(id)
            self._wake.set()  # there is room again

        task.add_done_callback(end)

    async def _attempt(self, message: Message) -> None:
        at, started = datetime.now(UTC), perf_counter()
        answer = await self._send(message)
        try:
            attempt_counts["failed" if answer.error else "delivered"] += 1
            attempt = Attempt(at, answer.status_code, answer.error, round(perf_counter() - started, 3))
            await self._note_patiently(message, attempt, answer.retry_after)
        except Exception as error:  # it is attempted again when its lease ends
            logger.warning(
                *("the outcome of the delivery %s is not noted: %s", message.id, error),
                exc_info=not isinstance(error, ServiceUnavailable),
            )

    async def _send(self, message: Message) -> "Answer":
        from server.webhooks.receivers import Answer, Receivers  # with an HTTP client, which takes a fifth of a second

        if self._receivers is None:
            self._receivers = Receivers(self._addresses)
        try:
            return await self._receivers.send(message, await self._contents.body(message))
        except Exception:  # an attempt that was not noted would be made again and again
            logger.exception("the delivery %s could not be sent", message.id)
            return Answer(None, "the server could not send it, and has logged why")

    async def _note_patiently(self, message: Message, attempt: Attempt, retry_after: float) -> None:
        for delay in NOTE_RETRY_DELAYS_SECONDS:
            try:
                return await self._note(message, attempt, retry_after)
            except ServiceUnavailable:
                await asyncio.sleep(delay)
        return await self._note(message, attempt, retry_after)

    async def _note(self, message: Message, attempt: Attempt, retry_after: float) -> None:
        if attempt.error is None:
            async with self._database.outbox() as outbox:
                await outbox.note_success(message, attempt)
            return
        logger.info("the webhook %s failed: %s", message.webhook_id, attempt.error)
        async with self._database.outbox() as outbox:
            delay = max(retry_delay(message.attempts + 1), retry_after)
            await outbox.note_failure(message, attempt, delay, retry_after)
        if message.is_test:
            return
        if attempt.status_code == GONE_STATUS:
            await self._disable(message, GONE)
        elif message.failing_since and message.failing_since < attempt.at - DISABLE_AFTER:
            await self._disable(message, FAILED_FOR_LONG)

    async def _disable(self, message: Message, author: Author) -> None:
        async with self._database.unit_of_work(message.workspace_id, author) as uow:
            found = await uow.webhooks.by_ids([message.webhook_id])
            if message.webhook_id in found:
                webhook = await uow.webhooks.get_for_update(message.webhook_id)
                if webhook.is_enabled and webhook.failing_since is not None:  # it was neither changed nor did it answer
                    await uow.webhooks.update(webhook.disable())
                    await uow.commit()
                    logger.warning("the webhook %s is disabled: %s", webhook.id, author.reason)

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            try:
                async with self._database.outbox() as outbox:
                    await outbox.tidy()
            except Exception as error:
                logger.warning("deliveries are not tidied now: %s", error)

    async def _end_attempts(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._receivers is not None:
            await self._receivers.close()
