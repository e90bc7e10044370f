"""The hub: notifications."""

import asyncio
import os
import signal

import pytest

from db import change_notifier
from db.change_notifier import CHANNEL
from domain.errors import NotFound
from resolvers.live import hub as hub_module
from tests.harness.live import (
    ROLE,
    ConnectionBlocker,
    NotificationListener,
    Process,
    Start,
    Writer,
    first_record,
    numbers,
    some_meeting,
    within_timeout,
)


class TestNotifications:
    async def test_the_writes_of_another_process_arrive_by_notification(self, start: Start) -> None:
        here, there = await start(with_notifier=True), await start(with_notifier=True)
        meeting = await here.write.meeting()
        reader = await there.caught_up_reader(meeting)
        for number in range(1, 4):
            await here.write.upsert(meeting, [number])
            assert numbers([await reader.next()]) == [number]
        await here.write.delete(meeting, [2])
        assert (await reader.next()).deleted_segment_ids == [2]

    async def test_a_lost_notification_is_made_up_for_by_polling(
        self, start: Start, silent: Writer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hub_module, "POLL_INTERVAL_SECONDS", 0.05)
        process = await start()
        meeting, doomed, agent = await silent.meeting(), await silent.meeting(), await silent.agent()
        reader, of_doomed = [await process.caught_up_reader(id) for id in (meeting, doomed)]
        configs = process.hub.resolved_config_updates(agent)
        await within_timeout(anext(configs))
        for number in (1, 2):
            await silent.upsert(meeting, [number])
            assert numbers([await reader.next()]) == [number]
        await silent.configure(agent, model_name="other")
        assert (await within_timeout(anext(configs))).model_name == "other"
        await silent.delete_meeting(doomed)
        assert await of_doomed.ended()
        await configs.aclose()

    async def test_what_is_written_while_the_notifier_is_cut_off_arrives_when_it_is_back(
        self,
        start: Start,
        silent: Writer,
        listener: NotificationListener,
        blocker: ConnectionBlocker,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(change_notifier, "HEARTBEAT_SECONDS", 0.05)
        process = await start(with_notifier=True)
        meeting = await silent.meeting()
        reader = await process.caught_up_reader(meeting)
        await blocker.block()
        await silent.upsert(meeting, [1])
        await blocker.allow()
        assert numbers([await reader.next()]) == [1]
        await silent.upsert(meeting, [2])
        await listener.connection.execute("SELECT pg_notify($1, $2)", CHANNEL, f'["m{meeting.hex}"]')
        assert numbers([await reader.next()]) == [2]

    async def test_a_hub_whose_database_goes_away_goes_on_when_it_is_back(
        self, process: Process, silent: Writer, blocker: ConnectionBlocker
    ) -> None:
        meeting = await silent.meeting(segments=4)
        waiting, replaying = await process.caught_up_reader(meeting), process.reader(meeting, batch_size=1)
        assert numbers([await replaying.next()]) == [1]
        await blocker.block()
        await silent.upsert(meeting, [5])
        process.poll(meeting)
        tasks = [process.spawn(reader.catch_up()) for reader in (waiting, replaying, process.reader(meeting))]
        unknown = process.spawn(process.reader(some_meeting()).next())
        with first_record("rapporteur.hub") as complained:
            await within_timeout(complained.wait())
        await blocker.allow()
        assert [numbers(batches) for batches in await within_timeout(asyncio.gather(*tasks))] == [
            [5],
            [2, 3, 4, 5],
            [1, 2, 3, 4, 5],
        ]
        with pytest.raises(NotFound):
            await within_timeout(unknown)

    @pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="there is no SIGSTOP")
    async def test_a_poll_that_is_never_answered_is_given_up(
        self, start: Start, silent: Writer, listener: NotificationListener
    ) -> None:
        """Checks the case of a host that disappears: then no statement ends, and no connection either."""
        process = await start(statement_timeout=0.5, connect_timeout=0.5)
        meeting = await silent.meeting()
        reader = await process.caught_up_reader(meeting)
        rows = await listener.connection.fetch("SELECT pid FROM pg_stat_activity WHERE usename = $1", ROLE)
        assert rows
        for row in rows:
            os.kill(row["pid"], signal.SIGSTOP)
        try:
            await silent.upsert(meeting, [1])
            process.poll(meeting)
            assert numbers([await reader.next()]) == [1]
        finally:
            for row in rows:
                os.kill(row["pid"], signal.SIGCONT)

    async def test_a_meeting_that_cannot_be_read_is_no_trouble_for_the_others(
        self, process: Process, silent: Writer, listener: NotificationListener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hub_module, "MAX_IDS_PER_STATEMENT", 1)
        sick, healthy, new = [await silent.meeting() for _ in range(3)]
        of_sick, of_healthy = [await process.caught_up_reader(id) for id in (sick, healthy)]
        for meeting in (sick, healthy, new):
            await silent.upsert(meeting, [1])
        await listener.connection.execute(
            f"""
            CREATE FUNCTION readable(id uuid) RETURNS bool LANGUAGE plpgsql AS
                $$BEGIN IF id = '{sick}' THEN RAISE 'too long' USING ERRCODE = '57014'; END IF; RETURN true; END$$;
            CREATE POLICY sick ON segments TO {ROLE} USING (readable(meeting_id));
            ALTER TABLE segments ENABLE ROW LEVEL SECURITY
            """
        )
        try:
            process.poll(sick, healthy)
            assert numbers([await of_healthy.next()]) == [1]
            assert numbers(await process.reader(new).catch_up()) == [1]
        finally:
            await listener.connection.execute(
                """
                ALTER TABLE segments DISABLE ROW LEVEL SECURITY;
                DROP POLICY sick ON segments;
                DROP FUNCTION readable(uuid)
                """
            )
        assert numbers([await of_sick.next()]) == [1]
