"""The bell, alone."""

import asyncio
import os
import signal
from typing import Any

import asyncpg
import pytest

from db import change_notifier as bell_module
from db.change_notifier import CHANNEL, MAX_IDS_PER_NOTIFY, ChangeNotifier, Changes
from domain.ids import AgentId, KeyId, new_id
from tests.harness.live import (
    Doors,
    Ear,
    ringing,
    some_meeting,
    soon,
)


class TestBell:
    @pytest.mark.slow
    async def test_listeners_of_the_same_process_hear_it_at_once_and_only_once(
        self, bell: ChangeNotifier, ear: Ear
    ) -> None:
        heard: asyncio.Queue[Changes | None] = asyncio.Queue()
        bell.subscribe(heard.put_nowait)
        ring = Changes({some_meeting()}, {AgentId(new_id())})
        bell.publish(ring)
        assert heard.get_nowait() == ring
        async with ringing(bell):
            assert await soon(heard.get()) is None  # it listens now
            pid, sent = await ear.next()
            assert sent == ring
            fence = some_meeting()
            await ear.connection.execute("SELECT pg_notify($1, $2)", CHANNEL, f'["m{fence.hex}"]')
            assert await soon(heard.get()) == Changes({fence})
            assert (await ear.next())[0] != pid

    async def test_rings_before_it_is_connected_go_out_together(self, bell: ChangeNotifier, ear: Ear) -> None:
        rung = [Changes({some_meeting()}, {AgentId(new_id())}) for _ in range(20)]
        for ring in [*rung, *rung]:
            bell.publish(ring)
        async with ringing(bell):
            _, sent = await ear.next()
            assert sent == Changes(
                {id for ring in rung for id in ring.meetings}, {id for ring in rung for id in ring.agents}
            )
            fence = Changes({some_meeting()})
            bell.publish(fence)
            assert (await ear.next())[1] == fence

    async def test_a_process_that_ends_sends_what_has_rung(self, bell: ChangeNotifier, ear: Ear) -> None:
        await bell.flush()
        rung = Changes({some_meeting()}, keys={KeyId(new_id())})
        bell.publish(rung)
        await bell.flush()
        assert (await ear.next())[1] == rung
        await bell.flush()  # it has been told
        fence = Changes({some_meeting()})
        bell.publish(fence)
        await bell.flush()
        assert (await ear.next())[1] == fence

    @pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="there is no SIGSTOP")
    async def test_rings_while_a_notification_is_on_its_way_go_out_together(
        self, bell: ChangeNotifier, ear: Ear
    ) -> None:
        async with ringing(bell):
            pid = await ear.pid_of(bell)
            ids = {some_meeting() for _ in range(40)}
            os.kill(pid, signal.SIGSTOP)
            try:
                for id in ids:
                    bell.publish(Changes({id}))
                    await asyncio.sleep(0)
            finally:
                os.kill(pid, signal.SIGCONT)
            sent: list[Changes] = []
            while ids.difference(*(changes.meetings for changes in sent)):
                sent.append((await ear.next())[1])
            assert len(sent) <= 2

    async def test_more_ids_than_a_notification_holds_go_out_in_several(self, bell: ChangeNotifier, ear: Ear) -> None:
        ring = Changes({some_meeting() for _ in range(2 * MAX_IDS_PER_NOTIFY)}, {AgentId(new_id())})
        bell.publish(ring)
        async with ringing(bell):
            parts = [(await ear.next())[1] for _ in range(3)]
        assert [len(part.meetings) + len(part.agents) for part in parts] == [MAX_IDS_PER_NOTIFY, MAX_IDS_PER_NOTIFY, 1]
        whole = Changes()
        for part in parts:
            whole.add(part)
        assert whole == ring

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
        self, bell: ChangeNotifier, ear: Ear, payload: str
    ) -> None:
        heard: asyncio.Queue[Changes | None] = asyncio.Queue()
        bell.subscribe(heard.put_nowait)
        async with ringing(bell):
            assert await soon(heard.get()) is None
            for sent in (payload, f'["m{some_meeting().hex}"]'):
                await ear.connection.execute("SELECT pg_notify($1, $2)", CHANNEL, sent)
            assert await soon(heard.get()) is None
            assert await soon(heard.get()) is not None

    async def test_a_ring_while_it_is_cut_off_is_sent_when_it_is_back(
        self, bell: ChangeNotifier, ear: Ear, doors: Doors
    ) -> None:
        heard: asyncio.Queue[Changes | None] = asyncio.Queue()
        bell.subscribe(heard.put_nowait)
        async with ringing(bell):
            pid = await ear.pid_of(bell)
            await doors.close()
            rung = Changes()
            for _ in range(3):
                ring = Changes({some_meeting()})
                bell.publish(ring)
                rung.add(ring)
            while heard.qsize():
                heard.get_nowait()
            await doors.open()
            assert await soon(heard.get()) is None  # its listeners look at everything
            sent = Changes()
            while sent != rung:
                sender, part = await ear.next()
                assert sender != pid
                sent.add(part)

    async def test_it_notices_by_itself_that_it_was_cut_off(
        self, bell: ChangeNotifier, ear: Ear, doors: Doors, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bell_module, "HEARTBEAT_SECONDS", 0.05)
        heard: asyncio.Queue[Changes | None] = asyncio.Queue()
        bell.subscribe(heard.put_nowait)
        async with ringing(bell):
            assert await soon(heard.get()) is None
            pid = await ear.pid_of(bell)
            assert await soon(heard.get()) is not None
            await doors.end(pid)
            assert await soon(heard.get()) is None

    async def test_one_that_loses_each_connection_pauses_before_the_next(
        self, bell: ChangeNotifier, refusing_to_notify: None, monkeypatch: pytest.MonkeyPatch
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
        bell.publish(Changes({some_meeting()}))
        async with ringing(bell):
            await soon(connected_often.wait())
        assert steps == ["connect", "pause"] * 3 + ["connect"]
