"""Says when prompts are so long that work over them belongs into a thread."""

from collections.abc import Collection

from domain.agents import ResolvedAgentConfig
from domain.configs import AgentConfig
from resolvers.worker_threads import run_in_worker

MAX_INLINE_PROMPT_CHARS = 100_000
"""The length of prompts, together, that are searched in the event loop, which takes some milliseconds."""


def prompt_chars(config: AgentConfig) -> int:
    return len(config.system_prompt) + len(config.user_prompt_template)


async def hash_long_prompts(configs: Collection[ResolvedAgentConfig]) -> None:
    """Computes the etags of the configurations, which keep them; in a worker thread if their prompts are long."""
    if sum(map(prompt_chars, configs)) > MAX_INLINE_PROMPT_CHARS:
        for config in configs:
            await run_in_worker(getattr, config, "etag")
