"""Resolves the fields of configurations that are read out of their prompts."""

from collections.abc import Callable

from domain.configs import AgentConfig
from executor.batching import batch_resolver
from resolvers.context import Info
from resolvers.long_prompts import MAX_INLINE_PROMPT_CHARS, prompt_chars
from resolvers.worker_threads import run_in_worker


@batch_resolver
async def variables(roots: list[AgentConfig], info: Info) -> list[list[str]]:
    return await _read_prompts(roots, lambda config: config.variables)


@batch_resolver
async def warnings(roots: list[AgentConfig], info: Info) -> list[list[str]]:
    return await _read_prompts(roots, lambda config: config.warnings)


async def _read_prompts(configs: list[AgentConfig], read: Callable[[AgentConfig], list[str]]) -> list[list[str]]:
    if sum(map(prompt_chars, configs)) <= MAX_INLINE_PROMPT_CHARS:
        return list(map(read, configs))
    return [await run_in_worker(read, config) for config in configs]
