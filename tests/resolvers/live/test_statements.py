"""The hub: statements."""

import asyncio

from db.change_notifier import Changes
from domain.ids import DEFAULT_WORKSPACE_ID
from tests.harness.live import (
    Process,
    Start,
    Writer,
    numbers,
    within_timeout,
)
from tests.harness.recorded_statements import recorded


class TestStatements:
    async def test_many_readers_of_a_meeting_cost_as_many_statements_as_one(
        self, process: Process, silent: Writer
    ) -> None:
        costs = []
        for count in (1, 50):
            meeting = await silent.meeting()
            readers = [await process.caught_up_reader(meeting) for _ in range(count)]
            waiting = [process.spawn(reader.next()) for reader in readers]
            with recorded(process.database.engine) as statements:
                await silent.upsert(meeting, [1, 2])
                process.poll(meeting)
                batches = await within_timeout(asyncio.gather(*waiting))
            assert all(batch is batches[0] for batch in batches)
            costs.append(len(statements))
        assert costs == [1, 1]

    async def test_many_readers_that_replay_side_by_side_cost_as_many_statements_as_one(
        self, process: Process, silent: Writer
    ) -> None:
        """Checks the state after a restart, when all readers come back together."""
        meeting = await silent.meeting(segments=7)
        costs = []
        for count in (1, 50):
            readers = [process.reader(meeting, batch_size=3) for _ in range(count)]
            with recorded(process.database.engine) as statements:
                replays = await within_timeout(
                    asyncio.gather(*(process.spawn(reader.catch_up()) for reader in readers))
                )
            assert all(numbers(batches) == list(range(1, 8)) for batches in replays)
            costs.append(len(statements))
            for reader in readers:
                await reader.stream.aclose()
        assert costs[1] == costs[0]

    async def test_a_look_at_many_meetings_is_one_statement(self, process: Process, silent: Writer) -> None:
        meetings = [await silent.meeting() for _ in range(10)]
        readers = [await process.caught_up_reader(meeting) for meeting in meetings for _ in range(3)]
        for meeting in meetings:
            await silent.upsert(meeting, [1, 2])
        with recorded(process.database.engine) as statements:
            process.poll(*meetings)
            for reader in readers:
                assert numbers([await reader.next()]) == [1, 2]
        assert len(statements) == 1

    async def test_readers_that_come_together_share_the_look_they_begin_with(
        self, process: Process, silent: Writer
    ) -> None:
        meeting = await silent.meeting(segments=3)
        end = (await process.caught_up_reader(meeting)).place
        with recorded(process.database.engine) as statements:
            first = await within_timeout(asyncio.gather(*(process.reader(meeting, end).next() for _ in range(10))))
        assert all(batch.caught_up for batch in first)
        assert len(statements) == 1

    async def test_changes_for_what_nobody_reads_here_cost_nothing(self, start: Start) -> None:
        here, there = await start(with_notifier=True), await start(with_notifier=True)
        meetings = [await here.write.meeting() for _ in range(4)]
        agents = [await here.write.agent() for _ in range(2)]
        readers = [await there.caught_up_reader(meeting) for meeting in meetings[:2]]
        configs = there.hub.resolved_config_updates(agents[0])
        await within_timeout(anext(configs))
        with recorded(there.database.engine) as statements:
            for meeting in meetings[2:]:
                await here.write.upsert(meeting, [1])
            await here.write.configure(agents[1], model_name="other")
            await here.write.upsert(meetings[0], [1])
            await readers[0].next()
        assert len(statements) == 1
        await configs.aclose()

    async def test_a_look_at_many_agents_of_whom_one_has_changed_is_two_statements(
        self, process: Process, silent: Writer
    ) -> None:
        agents = [await silent.agent() for _ in range(5)]
        streams = [process.hub.resolved_config_updates(agent) for agent in agents for _ in range(3)]
        for stream in streams:
            await within_timeout(anext(stream))
        await silent.configure(agents[0], model_name="other")
        with recorded(process.database.engine) as statements:
            process.hub.request_poll(Changes(agents=set(agents)))
            assert [(await within_timeout(anext(stream))).model_name for stream in streams[:3]] == ["other"] * 3
        assert len(statements) == 2
        for stream in streams:
            await stream.aclose()

    async def test_a_look_at_all_sets_of_configurations_is_one_statement_for_all_agents_and_one_for_those_named(
        self, process: Process, silent: Writer
    ) -> None:
        agent = await silent.agent()
        slug = (await process.database.repositories(DEFAULT_WORKSPACE_ID).agents.resolved([agent]))[agent].agent_slug
        streams = [
            process.hub.resolved_configs_updates(slugs)
            for slugs in (None, frozenset({slug}), frozenset({slug, "unknown"}))
            for _ in range(20)
        ]
        for stream in streams:
            assert agent in [config.agent_id for config in (await within_timeout(anext(stream))).configs]
        await silent.configure(agent, model_name="other")
        with recorded(process.database.engine) as statements:
            process.hub.request_poll(Changes(config_sets={DEFAULT_WORKSPACE_ID}))
            updates = [await within_timeout(anext(stream)) for stream in streams]
        assert [config.model_name for update in updates for config in update.configs] == ["other"] * len(streams)
        assert len({id(update) for update in updates}) == 3
        assert len(statements) == 2
        for stream in streams:
            await stream.aclose()
