"""The hub: the configurations of many agents, of which readers get what has changed since they last read."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from db.change_notifier import Changes
from domain.config_sets import ResolvedConfigSet
from domain.errors import ServiceUnavailable
from domain.ids import DEFAULT_WORKSPACE_ID, AgentId
from resolvers.live import feeds
from tests.harness.databases import TestPostgres
from tests.harness.live import Process, Writer, within_timeout
from tests.harness.recorded_statements import recorded

Sets = AsyncIterator[ResolvedConfigSet]


@pytest.fixture
def database_url(postgres: TestPostgres) -> Iterator[str]:
    """A database for each test: a reader of all agents would get what another test has made."""
    with postgres.database() as url:
        yield url


@pytest.fixture
def url_of_role(database_url: str) -> str:
    return database_url


def poll(process: Process) -> None:
    process.hub.request_poll(Changes(config_sets={DEFAULT_WORKSPACE_ID}))


async def rename(writer: Writer, *slugs: tuple[AgentId, str]) -> None:
    """Gives agents slugs, one after the other in one transaction."""
    async with writer.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
        for id, slug in slugs:
            await uow.agents.update(replace(await uow.agents.get_for_update(id), slug=slug))
        await uow.commit()


async def take(stream: Sets) -> tuple[dict[str, AgentId], list[str]]:
    """Returns the agents of the next event by their slugs, and the slugs that are gone."""
    changes = await within_timeout(anext(stream))
    return {config.agent_slug: config.agent_id for config in changes.configs}, changes.deleted_agent_slugs


async def test_agents_that_swap_their_slugs_come_together_and_neither_slug_is_gone(
    process: Process, silent: Writer
) -> None:
    one, other = await silent.agent(), await silent.agent()
    await rename(silent, (one, "one"), (other, "other"))
    everything = process.hub.resolved_configs_updates(None)
    named = process.hub.resolved_configs_updates(frozenset({"one"}))
    assert await take(everything) == ({"one": one, "other": other}, [])
    assert await take(named) == ({"one": one}, [])
    await rename(silent, (one, "meanwhile"), (other, "one"), (one, "other"))
    poll(process)
    assert await take(everything) == ({"one": other, "other": one}, [])
    assert await take(named) == ({"one": other}, [])


async def test_a_slow_reader_gets_the_newest_state_without_a_statement(process: Process, silent: Writer) -> None:
    changed, deleted = await silent.agent(), await silent.agent()
    await rename(silent, (changed, "changed"), (deleted, "deleted"))
    pilot, slow = process.hub.resolved_configs_updates(None), process.hub.resolved_configs_updates(None)
    await take(pilot)
    await take(slow)
    for name in ("once", "twice"):
        await silent.configure(changed, model_name=name)
        poll(process)
        assert (await within_timeout(anext(pilot))).configs[0].model_name == name
    await silent.delete_agent(deleted)
    poll(process)
    newest = await within_timeout(anext(pilot))
    with recorded(process.database.engine) as statements:
        update = await within_timeout(anext(slow))
    assert [config.model_name for config in update.configs] == ["twice"]
    assert (update.deleted_agent_slugs, update.etag) == (["deleted"], newest.etag)
    assert len(statements) == 0


async def test_a_reader_that_deletions_have_left_behind_begins_again(
    process: Process, silent: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "MAX_KEPT_DELETIONS", 1)
    agents = [await silent.agent() for _ in range(3)]
    pilot, slow = process.hub.resolved_configs_updates(None), process.hub.resolved_configs_updates(None)
    await take(pilot)
    await take(slow)
    for agent in agents[:2]:
        await silent.delete_agent(agent)
        poll(process)
        assert len((await take(pilot))[1]) == 1
    with pytest.raises(ServiceUnavailable):
        await anext(slow)
    again, gone = await take(process.hub.resolved_configs_updates(None))
    assert (list(again.values()), gone) == ([agents[2]], [])


async def test_what_only_comes_from_elsewhere_is_no_event_and_new_readers_see_it(
    process: Process, silent: Writer
) -> None:
    agent = await silent.agent()
    variant = await silent.variant(agent)
    await silent.activate(agent, variant)
    reader = process.hub.resolved_configs_updates(None)
    before = await within_timeout(anext(reader))
    await silent.configure_variant(variant, model_name="gpt")  # as the base has it
    poll(process)
    (config,) = (await within_timeout(anext(process.hub.resolved_configs_updates(None)))).configs
    assert "model_name" in config.overridden
    assert "model_name" not in before.configs[0].overridden
    await silent.configure(agent, max_tokens=7)
    poll(process)
    assert [config.max_tokens for config in (await within_timeout(anext(reader))).configs] == [7]
