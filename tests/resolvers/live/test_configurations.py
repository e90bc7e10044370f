"""The hub: configurations."""

from dataclasses import replace

import pytest

from db.change_notifier import Changes
from domain.agents import ConfigSource
from domain.errors import NotFound
from domain.ids import AgentId, new_id
from domain.parameters import Parameters
from tests.harness.live import (
    ConfigReader,
    Process,
    Start,
    Writer,
    within_timeout,
)


class TestConfigurations:
    async def test_the_current_one_comes_at_once_and_then_each_change(self, process: Process) -> None:
        agent = await process.write.agent()
        variant = await process.write.variant(agent, model_name="variant's", temperature=0.1)
        async with ConfigReader(process.hub, agent) as configs:
            assert (await configs.next()).model_name == "gpt"
            await process.write.configure(agent, model_name="base's")
            assert (await configs.next()).model_name == "base's"
            await process.write.activate(agent, variant)
            activated = await configs.next()
            assert (activated.variant_id, activated.model_name, activated.temperature) == (variant.id, "variant's", 0.1)
            await process.write.configure_variant(variant, temperature=0.2)
            assert (await configs.next()).temperature == 0.2
            await process.write.configure(agent, model_provider="other")
            assert (await configs.next()).model_provider == "other"
            await process.write.activate(agent, None)
            assert (await configs.next()).variant_id is None
        assert await process.keeps_nothing()

    async def test_a_change_that_alters_nothing_of_what_resolves_wakes_nobody(self, process: Process) -> None:
        agent = await process.write.agent()
        active = await process.write.variant(agent, model_name="variant's")
        await process.write.activate(agent, active)
        async with ConfigReader(process.hub, agent) as configs:
            await configs.next()
            waiting = process.spawn(configs.next())
            await process.write.change_agent(agent, lambda agent: replace(agent, name="Renamed"))
            await process.write.configure(agent, model_name="overridden")
            inactive = await process.write.variant(agent, model_name="inactive")
            await process.write.configure_variant(inactive, model_name="still inactive")
            process.hub.request_poll(Changes(agents={agent}))
            await process.write.configure_variant(active, max_tokens=7)
            changed = await within_timeout(waiting)
            assert (changed.model_name, changed.max_tokens) == ("variant's", 7)

    async def test_what_the_model_gets_is_news_and_the_same_parameters_are_not(self, process: Process) -> None:
        agent = await process.write.agent()
        variant = await process.write.variant(agent)
        await process.write.activate(agent, variant)
        async with ConfigReader(process.hub, agent) as configs:
            await configs.next()
            await process.write.configure(agent, parameters=Parameters(stream=1))
            assert (await configs.next()).parameters == {"stream": 1}
            await process.write.configure(agent, parameters=Parameters(stream=True))
            assert (await configs.next()).parameters == {"stream": True}
            await process.write.configure_variant(variant, parameters=Parameters(stream=True))
            await process.write.configure_variant(variant, parameters=Parameters(temperature=None))
            changed = await configs.next()
            assert (changed.parameters, "temperature" in changed.model_parameters) == ({"stream": True}, False)

    async def test_each_look_sees_the_changes_that_alter_nothing_without_announcing_them(
        self, process: Process, silent: Writer
    ) -> None:
        agent, other = await silent.agent(), await silent.agent()
        async with ConfigReader(process.hub, agent) as configs, ConfigReader(process.hub, other) as fence:
            await configs.next()
            await fence.next()
            news = process.hub._config_feeds[agent].changed
            waiting = process.spawn(news.wait())
            await silent.change_agent(agent, lambda agent: replace(agent, name="Renamed"))
            await silent.configure(other, model_name="other")
            process.hub.request_poll(Changes(agents={agent, other}))
            await fence.next()
            assert not waiting.done()
            await silent.configure(agent, model_name="other")
            process.hub.request_poll(Changes(agents={agent}))
            await within_timeout(waiting)

    async def test_the_same_values_from_elsewhere_wake_nobody_and_are_seen_by_who_comes_later(
        self, process: Process, silent: Writer
    ) -> None:
        agent, fenced = await silent.agent(), await silent.agent()
        active = await silent.variant(agent)
        await silent.activate(agent, active)
        async with ConfigReader(process.hub, agent) as early, ConfigReader(process.hub, fenced) as fence:
            assert not (await early.next()).overridden
            await fence.next()
            news = process.spawn(process.hub._config_feeds[agent].changed.wait())
            await silent.configure_variant(active, model_name="gpt", max_retries=3)
            await silent.configure(fenced, model_name="other")
            process.hub.request_poll(Changes(agents={agent, fenced}))
            await fence.next()
            assert not news.done()
            async with ConfigReader(process.hub, agent) as late:
                sources = (await late.next()).sources
            assert [each.field for each in sources if each.source is ConfigSource.VARIANT] == [
                *("model_name", "max_retries")
            ]
            await silent.configure(agent, max_tokens=7)
            process.hub.request_poll(Changes(agents={agent}))
            assert (await early.next()).max_tokens == 7

    async def test_a_slow_reader_gets_the_newest_only_and_nothing_if_it_is_what_it_had(
        self, process: Process, silent: Writer
    ) -> None:
        agent = await silent.agent()
        async with ConfigReader(process.hub, agent) as pilot, ConfigReader(process.hub, agent) as slow:
            assert (await slow.next()).model_name == (await pilot.next()).model_name == "gpt"
            for name in ("one", "two", "gpt"):
                await silent.configure(agent, model_name=name)
                process.hub.request_poll(Changes(agents={agent}))
                assert (await pilot.next()).model_name == name
            waiting = process.spawn(slow.next())
            await silent.configure(agent, model_name="three")
            process.hub.request_poll(Changes(agents={agent}))
            assert (await within_timeout(waiting)).model_name == "three"

    async def test_a_reader_begins_with_what_resolves_when_it_comes(self, process: Process, silent: Writer) -> None:
        """Also where others read already, and no notification has told of the change."""
        agent = await silent.agent()
        async with ConfigReader(process.hub, agent) as early, ConfigReader(process.hub, agent) as late:
            await early.next()
            await silent.configure(agent, model_name="other")
            assert (await late.next()).model_name == "other"

    async def test_a_deleted_agent_ends_the_stream(self, process: Process) -> None:
        agent = await process.write.agent()
        async with ConfigReader(process.hub, agent) as waiting, ConfigReader(process.hub, agent) as slow:
            for configs in (waiting, slow):
                await configs.next()
            end = process.spawn(waiting.ended())
            await process.write.delete_agent(agent)
            assert await within_timeout(end)
            async with ConfigReader(process.hub, agent) as late:
                with pytest.raises(NotFound):
                    await late.next()
            assert await slow.ended()
        assert await process.keeps_nothing()

    async def test_an_unknown_agent_is_an_error_and_leaves_nothing_behind(self, process: Process) -> None:
        async with ConfigReader(process.hub, AgentId(new_id())) as configs:
            with pytest.raises(NotFound):
                await configs.next()
        assert await process.keeps_nothing()

    async def test_the_activation_in_another_process_arrives_by_notification(self, start: Start) -> None:
        here, there = await start(with_notifier=True), await start(with_notifier=True)
        agent = await here.write.agent()
        variant = await here.write.variant(agent, model_name="variant's")
        async with ConfigReader(there.hub, agent) as configs:
            await configs.next()
            await here.write.activate(agent, variant)
            assert (await configs.next()).variant_id == variant.id
            await here.write.delete_agent(agent)
            assert await configs.ended()
