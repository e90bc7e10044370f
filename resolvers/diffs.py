"""Resolves the differences between two configurations, present or past."""

import asyncio

from domain.configs import CONFIG_FIELDS, AgentConfig, ConfigOverrides, resolve
from domain.diffs import ConfigDiff, ConfigFieldDiff, ConfigRef
from domain.ids import AgentId
from resolvers.agents import load_agents, load_resolved_configs
from resolvers.context import Context
from resolvers.dataloaders import Loaders
from resolvers.history import load_agent_revisions, load_variant_revisions
from resolvers.variants import load_variants
from resolvers.worker_threads import run_in_worker


async def config_diff(context: Context, a: ConfigRef, b: ConfigRef) -> ConfigDiff | None:
    """Returns the differences between two configurations, or None if one of them does not exist."""
    before, after = await asyncio.gather(_config(context.loaders, a), _config(context.loaders, b))
    return None if before is None or after is None else ConfigDiff(before, after)


async def text_diff(root: ConfigFieldDiff) -> str | None:
    return await run_in_worker(lambda: root.text_diff)  # a long diff must not block the event loop


async def _config(loaders: Loaders, reference: ConfigRef) -> AgentConfig | None:
    match reference:
        case ConfigRef(base=id) if id is not None:
            return await _base(loaders, id)
        case ConfigRef(resolved=id) if id is not None:
            resolved = await loaders.of(load_resolved_configs).load(id)
            return AgentConfig(*(getattr(resolved, name) for name in CONFIG_FIELDS)) if resolved else None
        case ConfigRef(variant=id) if id is not None:
            variant = await loaders.of(load_variants).load(id)
            return await _over_base(loaders, variant.agent_id, variant.overrides) if variant else None
        case ConfigRef(base_revision=ref) if ref is not None:
            agent_revision = await loaders.of(load_agent_revisions).load((ref.agent_id, ref.version))
            return agent_revision.config if agent_revision else None
        case ConfigRef(variant_revision=ref) if ref is not None:
            revision = await loaders.of(load_variant_revisions).load((ref.variant_id, ref.version))
            return await _over_base(loaders, revision.agent_id, revision.overrides) if revision else None
    raise AssertionError("a reference has one of the fields")


async def _base(loaders: Loaders, id: AgentId) -> AgentConfig | None:
    agent = await loaders.of(load_agents).load(id)
    return agent.config if agent else None


async def _over_base(loaders: Loaders, id: AgentId, overrides: ConfigOverrides) -> AgentConfig | None:
    """Resolves overrides over the present base, so that two revisions differ only in what the variant itself changed."""
    base = await _base(loaders, id)
    return resolve(base, overrides) if base else None
