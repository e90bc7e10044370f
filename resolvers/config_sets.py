"""Resolves what many agents resolve to."""

from domain.config_sets import MAX_CONFIGS, ResolvedConfigSet
from domain.slugs import slug as slug_rule
from domain.validation import Problems
from resolvers.context import Context
from resolvers.long_prompts import hash_long_prompts


def agent_slugs(values: list[str] | None) -> frozenset[str] | None:
    """Returns the slugs, each once; None: all agents. Raises InvalidInput."""
    if values is None:
        return None
    problems = Problems()
    if len(values) > MAX_CONFIGS:
        problems.add("agent_slugs", f"must have at most {MAX_CONFIGS:,} items, has {len(values):,}")
    else:
        for index, value in enumerate(values):
            problems.check(slug_rule, value, f"agent_slugs.{index}")
    problems.raise_if_any()
    return frozenset(values)


async def resolved_configs(context: Context, slugs: list[str] | None) -> ResolvedConfigSet:
    wanted = agent_slugs(slugs)
    changes = await context.repositories.config_sets.changes(wanted, {})
    configs = [config for config, _ in changes.changed]
    await hash_long_prompts(configs)
    return ResolvedConfigSet.of(configs)
