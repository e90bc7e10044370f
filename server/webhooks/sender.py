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
from server.webhooks.payloads import PayloadBuilder, TemporaryFailure
from server.webhooks.receiver_addresses import AddressResolver

if TYPE_CHECKING:
    from server.webhooks.http_client import AttemptResult, ReceiverClient

logger = logging.getLogger("rapporteur.webhooks")

POLL_SECONDS = 1.0
"""The time between two looks for what is due, where there are webhooks."""
IDLE_POLL_SECONDS = 5.0
"""The time after which a server notices the first webhook of all, and tries again after an error."""
MIN_PAUSE_SECONDS = 0.05
"""The time in which changes collect before the next look: each one costs a statement."""
QUICK_SECONDS = 1.0
"""The time of an attempt up to which the receiver counts as quick."""
MAX_REMEMBERED = 1_000
"""The number of receivers, the last ones called, for which the sender remembers whether they are quick."""
TIDY_SECONDS = 600.0
MAX_SHARE = 10
"""The number of attempts to one quick receiver at once, or nearly: those that are taken together may be as many. At most it is
a quarter of all."""
NOTE_RETRY_DELAYS_SECONDS = (1.0, 5.0, 15.0)
"""The times after which an outcome that the database could not take is noted again; else the message would be sent twice."""
STOP_SECONDS = 5.0
"""The time that attempts under way have when the server stops. Other servers repeat the attempts that are not done by then."""
GONE_STATUS = 410

attempt_counts: Counter[str] = Counter(delivered=0, failed=0)
"""The numbers of attempts of this process by their outcome."""


class WebhookSender:
    """Sends deliveries, up to `concurrency` at once.

    A receiver that answered quickly the last time has a share of them. All others get one at a time, and those that are known
    to be slow or fail get half of the attempts together, so that the other half is never taken by what only waits.
    """

    def __init__(
        self, database: Database, payloads: PayloadBuilder, addresses: AddressResolver, concurrency: int
    ) -> None:
        self._database = database
        self._payloads = payloads
        self._addresses = addresses
        self._concurrency = concurrency
        self._share = max(1, min(MAX_SHARE, concurrency // 4))
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way: Counter[WebhookId] = Counter()
        self._is_quick: dict[WebhookId, bool] = {}
        """The receivers by whether they answered quickly the last time, the newest answer last."""
        self._troubled: set[WebhookId] = set()
        """The webhooks under way that were slow or failed when their attempt began."""
        self._receivers: ReceiverClient | None = None
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
        """Wakes the sender for changes that are sent at once; writes of segments are sent with the next look."""
        if (
            changes is None
            or changes.webhooks
            or (self._has_webhooks and (changes.meeting_lists or changes.config_sets))
        ):
            self._wake.set()

    async def _start_due(self) -> float:
        """Starts an attempt of each delivery that is due, as far as there is room. Returns the seconds to the next look."""
        try:
            outbox = self._database.outbox
            self._has_webhooks = await outbox.has_webhooks()
            self._is_waiting = False
            if not self._has_webhooks:
                return IDLE_POLL_SECONDS
            free = self._concurrency - len(self._tasks)
            for_troubled = max(1, self._concurrency // 2) - len(self._troubled)
            quick = [id for id, is_quick in self._is_quick.items() if is_quick]
            slow = {id for id, is_quick in self._is_quick.items() if not is_quick}
            if not free:
                return POLL_SECONDS
            messages = await outbox.claim(free, self._share, for_troubled, quick, slow, self._busy())
        except Exception as error:  # the next look may succeed
            if not self._is_waiting:
                logger.warning("webhooks wait: %s", error, exc_info=not isinstance(error, ServiceUnavailable))
            self._is_waiting = True
            return IDLE_POLL_SECONDS
        for message in messages:
            self._start(message, is_troubled=message.failing_since is not None or message.webhook_id in slow)
        return POLL_SECONDS

    def _busy(self) -> list[WebhookId]:
        """Returns the webhooks that get no further attempt now: one that is not quick gets the next when the last has ended."""
        return [
            id
            for id, count in self._under_way.items()
            if count >= self._share or id in self._troubled or not self._is_quick.get(id)
        ]

    def _start(self, message: Message, *, is_troubled: bool) -> None:
        id = message.webhook_id
        self._under_way[id] += 1
        if is_troubled:
            self._troubled.add(id)
        task = asyncio.create_task(self._attempt(message))
        self._tasks.add(task)

        def end(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            self._under_way[id] -= 1
            if not self._under_way[id]:
                del self._under_way[id]
                self._troubled.discard(id)
            self._wake.set()  # there is room again

        task.add_done_callback(end)

    async def _attempt(self, message: Message) -> None:
        at, started = datetime.now(UTC), perf_counter()
        answer = await self._send(message)
        self._remember(message.webhook_id, is_quick=perf_counter() - started <= QUICK_SECONDS)
        try:
            attempt_counts["failed" if answer.error else "delivered"] += 1
            attempt = Attempt(at, answer.status_code, answer.error, round(perf_counter() - started, 3))
            await self._note_patiently(message, attempt, answer)
        except Exception as error:  # the message is attempted again when its lease ends
            logger.warning(
                *("the outcome of the delivery %s is not noted: %s", message.id, error),
                exc_info=not isinstance(error, ServiceUnavailable),
            )

    def _remember(self, id: WebhookId, *, is_quick: bool) -> None:
        self._is_quick.pop(id, None)
        self._is_quick[id] = is_quick
        if len(self._is_quick) > MAX_REMEMBERED:
            del self._is_quick[next(iter(self._is_quick))]

    async def _send(self, message: Message) -> "AttemptResult":
        from server.webhooks.http_client import (  # with an HTTP client, which takes a fifth of a second
            AttemptResult,
            ReceiverClient,
        )

        if self._receivers is None:
            self._receivers = ReceiverClient(self._addresses)
        try:
            return await self._receivers.send(message, await self._payloads.body(message))
        except TemporaryFailure as reason:
            return AttemptResult(None, str(reason), is_receivers_fault=False)
        except Exception:  # an attempt that was not noted would be made again and again
            logger.exception("the delivery %s could not be sent", message.id)
            return AttemptResult(None, "the server could not send it, and has logged why")

    async def _note_patiently(self, message: Message, attempt: Attempt, answer: "AttemptResult") -> None:
        for delay in NOTE_RETRY_DELAYS_SECONDS:
            try:
                return await self._note(message, attempt, answer)
            except ServiceUnavailable:
                await asyncio.sleep(delay)
        return await self._note(message, attempt, answer)

    async def _note(self, message: Message, attempt: Attempt, answer: "AttemptResult") -> None:
        if attempt.error is None:
            await self._database.outbox.note_success(message, attempt)
            return
        logger.info("the webhook %s failed: %s", message.webhook_id, attempt.error)
        delay = max(retry_delay(message.attempts + 1), answer.retry_after)
        await self._database.outbox.note_failure(
            message, attempt, delay, answer.retry_after, is_receivers_fault=answer.is_receivers_fault
        )
        if message.is_test or not answer.is_receivers_fault:
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
                if (
                    webhook.is_enabled and webhook.failing_since is not None
                ):  # the webhook was not changed meanwhile, and no attempt succeeded
                    await uow.webhooks.update(webhook.disable())
                    await uow.commit()
                    logger.warning("the webhook %s is disabled: %s", webhook.id, author.reason)

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            try:
                await self._database.outbox.tidy()
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
