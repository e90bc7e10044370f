"""The change notifier, alone."""

import asyncio
import os
import signal
from typing import Any

import asyncpg
import pytest

from db import change_notifier
from db.change_notifier import CHANNEL, MAX_IDS_PER_NOTIFY, ChangeNotifier, Changes
from domain.ids import AgentId, KeyId, new_id
from tests.harness.live import (
    ConnectionBlocker,
    NotificationListener,
    running_notifier,
    some_meeting,
    within_timeout,
)


class TestChangeNotifier:
    @pytest.mark.slow
    async def test_listeners_of_the_same_process_hear_it_at_once_and_only_once(
        self, notifier: ChangeNotifier, listener: NotificationListener
    ) -> None:
        heard: asyncio.Queue[Changes | None] = asyncio.Queue()
        notifier.subscribe(heard.put_nowait)
        changes = Changes({some_meeting()}, {AgentId(new_id())})
        notifier.publish(changes)
        assert heard.get_nowait() == changes
        async with running_notifier(notifier):
            assert await within_timeout(heard.get()) is None  # it listens now
            pid, sent = await listener.next()
            assert sent == changes
            fence = some_meeting()
            await listener.connection.execute("SELECT pg_notify($1, $2)", CHANNEL, f'["m{fence.hex}"]')
            assert await within_timeout(heard.get()) == Changes({fence})
            assert (await listener.next())[0] != pid

    async def test_changes_before_it_is_connected_go_out_together(
        self, notifier: ChangeNotifier, listener: NotificationListener
    ) -> None:
        published = [Changes({some_meeting()}, {AgentId(new_id())}) for _ in range(20)]
        for changes in [*published, *published]:
            notifier.publish(changes)
        async with running_notifier(notifier):
            _, sent = await listener.next()
            assert sent == Changes(
                {id for changes in published for id in changes.meetings},
                {id for changes in published for id in changes.agents},
            )
            fence = Changes({some_meeting()})
            notifier.publish(fence)
            assert (await listener.next())[1] == fence

    async def test_a_process_that_ends_sends_what_was_published(
        self, notifier: ChangeNotifier, listener: NotificationListener
    ) -> None:
        await notifier.flush()
        published = Changes({some_meeting()}, keys={KeyId(new_id())})
        notifier.publish(published)
        await notifier.flush()
        assert (await listener.next())[1] == published
        await notifier.flush()  # it has been told
        fence = Changes({some_meeting()})
        notifier.publish(fence)
        await notifier.flush()
        assert (await listener.next())[1] == fence

    @pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="there is no SIGSTOP")
    async def test_changes_while_a_notification_is_on_its_way_go_out_together(
        self, notifier: ChangeNotifier, listener: NotificationListener
    ) -> None:
        async with running_notifier(notifier):
            pid = await listener.pid_of(notifier)
            ids = {some_meeting() for _ in range(40)}
            os.kill(pid, signal.SIGSTOP)
            try:
                for id in ids:
                    notifier.publish(Changes({id}))
                    await asyncio.sleep(0)
            finally:
                os.kill(pid, signal.SIGCONT)
            sent: list[Changes] = []
            while ids.difference(*(changes.meetings for changes in sent)):
                sent.append((await listener.next())[1])
            assert len(sent) <= 2

    async def test_more_ids_than_a_notification_holds_go_out_in_several(
        self, notifier: ChangeNotifier, listener: NotificationListener
    ) -> None:
        changes = Changes({some_meeting() for _ in range(2 * MAX_IDS_PER_NOTIFY)}, {AgentId(new_id())})
        notifier.publish(changes)
        async with running_notifier(notifier):
            parts = [(await listener.next())[1] for _ in range(3)]
        assert [len(part.meetings) + len(part.agents) for part in parts] == [MAX_IDS_PER_NOTIFY, MAX_IDS_PER_NOTIFY, 1]
        whole = Changes()
        for part in parts:
            whole.add(part)
        assert whole == changes

    @pytest.mark.parametrize(
        "payload",
        [
            "",
            "nonsense",
            "7",
            "null",
            "[7]",
            "[null]",
            '[""]',
            '["m"]',
            '["m123"]',
            '[["m"]]',
            '["everything"]',
            pytest.param('[{"meeting": 1}]', id="objects"),
            pytest.param('{"meetings": []}', id="an object"),
            pytest.param('["s019aa1b2c3d47e5f8a9b0c1d2e3f4a5b"]', id="a letter that is not known yet"),
        ],
    )
    async def test_a_payload_that_is_not_understood_means_look_everywhere(
        self, notifier: ChangeNotifier, listener: NotificationListener, payload: str
    ) -> None:
        heard: asyncio.Queue[Changes | None] = asyncio.Queue()
        notifier.subscribe(heard.put_nowait)
        async with running_notifier(notifier):
            assert await within_timeout(heard.get()) is None
            for sent in (payload, f'["m{some_meeting().hex}"]'):
                await listener.connection.execute("SELECT pg_notify($1, $2)", CHANNEL, sent)
            assert await within_timeout(heard.get()) is None
            assert await within_timeout(heard.get()) is not None

    async def test_what_is_published_while_it_is_cut_off_is_sent_when_it_is_back(
        self, notifier: ChangeNotifier, listener: NotificationListener, blocker: ConnectionBlocker
    ) -> None:
        heard: asyncio.Queue[Changes | None] = asyncio.Queue()
        notifier.subscribe(heard.put_nowait)
        async with running_notifier(notifier):
            pid = await listener.pid_of(notifier)
            await blocker.block()
            published = Changes()
            for _ in range(3):
                changes = Changes({some_meeting()})
                notifier.publish(changes)
                published.add(changes)
            while heard.qsize():
                heard.get_nowait()
            await blocker.allow()
            assert await within_timeout(heard.get()) is None  # its listeners look at everything
            sent = Changes()
            while sent != published:
                sender, part = await listener.next()
                assert sender != pid
                sent.add(part)

    async def test_it_notices_by_itself_that_it_was_cut_off(
        self,
        notifier: ChangeNotifier,
        listener: NotificationListener,
        blocker: ConnectionBlocker,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(change_notifier, "HEARTBEAT_SECONDS", 0.05)
        heard: asyncio.Queue[Changes | None] = asyncio.Queue()
        notifier.subscribe(heard.put_nowait)
        async with running_notifier(notifier):
            assert await within_timeout(heard.get()) is None
            pid = await listener.pid_of(notifier)
            assert await within_timeout(heard.get()) is not None
            await blocker.terminate(pid)
            assert await within_timeout(heard.get()) is None

    async def test_one_that_loses_each_connection_pauses_before_the_next(
        self, notifier: ChangeNotifier, refusing_to_notify: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It connects, and then what it asks is refused, as where it lands on a standby: that must not become a storm."""
        steps: list[str] = []
        connected_often = asyncio.Event()
        connect, sleep = asyncpg.connect, asyncio.sleep
        here = asyncio.get_running_loop()  # other tests' server runs in another thread

        async def recorded_connect(*arguments: Any, **options: Any) -> Any:
            if asyncio.get_running_loop() is not here:
                return await connect(*arguments, **options)
            steps.append("connect")
            if steps.count("connect") == 4:
                connected_often.set()
            return await connect(*arguments, **options)

        async def recorded_sleep(seconds: float) -> None:
            if seconds and asyncio.get_running_loop() is here:
                steps.append("pause")
            await sleep(seconds)

        monkeypatch.setattr(asyncpg, "connect", recorded_connect)
        monkeypatch.setattr(asyncio, "sleep", recorded_sleep)
        notifier.publish(Changes({some_meeting()}))
        async with running_notifier(notifier):
            await within_timeout(connected_often.wait())
        assert steps == ["connect", "pause"] * 3 + ["connect"]
