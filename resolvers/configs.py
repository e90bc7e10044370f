"""Resolves the fields of configurations that are read out of their prompts."""

from collections.abc import Callable

from domain.configs import AgentConfig
from executor.batching import batch_resolver
from resolvers.context import Info
from resolvers.worker_threads import run_in_worker

MAX_INLINE_PROMPT_CHARS = 100_000
"""The length of prompts, together, that are searched in the event loop, which takes some milliseconds."""


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


def prompt_chars(config: AgentConfig) -> int:
    return len(config.system_prompt) + len(config.user_prompt_template)
