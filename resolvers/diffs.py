"""Resolves the differences between two configurations, present or past."""

import asyncio
from collections.abc import Mapping
from typing import Any

from domain.configs import CONFIG_FIELDS, AgentConfig, ConfigOverrides, resolve
from domain.diffs import ConfigDiff, ConfigFieldDiff
from domain.ids import AgentId
from domain.optimistic_locking import VERSION
from domain.validation import checked
from resolvers.agents import agent_id, load_agents, load_resolved_configs
from resolvers.context import Context
from resolvers.dataloaders import Loaders
from resolvers.history import load_agent_revisions, load_variant_revisions
from resolvers.variants import load_variants, variant_id


async def config_diff(context: Context, a: Mapping[str, Any], b: Mapping[str, Any]) -> ConfigDiff | None:
    """Returns the difference between two references to configurations, each with one field; None if one does not exist."""
    before, after = await asyncio.gather(_config(context.loaders, a, "a"), _config(context.loaders, b, "b"))
    return None if before is None or after is None else ConfigDiff(before, after)


async def text_diff(root: ConfigFieldDiff) -> str | None:
    return await asyncio.to_thread(lambda: root.text_diff)  # a long diff must not block the event loop


async def _config(loaders: Loaders, reference: Mapping[str, Any], path: str) -> AgentConfig | None:
    ((kind, value),) = reference.items()
    path = f"{path}.{kind}"
    match kind:
        case "base":
            return await _base(loaders, agent_id(value, path))
        case "resolved":
            resolved = await loaders.of(load_resolved_configs).load(agent_id(value, path))
            return AgentConfig(*(getattr(resolved, name) for name in CONFIG_FIELDS)) if resolved else None
        case "variant":
            variant = await loaders.of(load_variants).load(variant_id(value, path))
            return await _over_base(loaders, variant.agent_id, variant.overrides) if variant else None
        case "base_revision":
            id, version = agent_id(value["agent_id"], f"{path}.agent_id"), _version(value, path)
            was = await loaders.of(load_agent_revisions).load((id, version))
            return was.config if was else None
        case _:
            key = (variant_id(value["variant_id"], f"{path}.variant_id"), _version(value, path))
            revision = await loaders.of(load_variant_revisions).load(key)
            return await _over_base(loaders, revision.agent_id, revision.overrides) if revision else None


def _version(value: Mapping[str, Any], path: str) -> int:
    version: int = checked(VERSION, value["version"], f"{path}.version")
    return version


async def _base(loaders: Loaders, id: AgentId) -> AgentConfig | None:
    agent = await loaders.of(load_agents).load(id)
    return agent.config if agent else None


async def _over_base(loaders: Loaders, id: AgentId, overrides: ConfigOverrides) -> AgentConfig | None:
    """Resolves overrides over the present base, so that two revisions differ only in what the variant itself changed."""
    base = await _base(loaders, id)
    return resolve(base, overrides) if base else None
