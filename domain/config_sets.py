"""Sets of resolved configurations: what several agents resolve to, as of one moment."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from operator import attrgetter

import orjson

from domain.agents import ResolvedAgentConfig

MAX_CONFIGS = 1_000
"""The most configurations that a set can have."""
MAX_PROMPT_BYTES = 64 * 1024 * 1024
"""The most bytes that the prompts of a set can have together, in UTF-8."""


@dataclass(frozen=True, slots=True)
class ResolvedConfigSet:
    """A set of configurations, or what has changed in one. Both lists are in the order of the slugs."""

    configs: list[ResolvedAgentConfig]
    deleted_agent_slugs: list[str]
    """The slugs that no agent has any more, as it was deleted or got another slug."""
    etag: str
    """The hash of the whole set, also where only its changes are given: see `etag`."""

    @classmethod
    def of(cls, configs: Iterable[ResolvedAgentConfig]) -> "ResolvedConfigSet":
        """Returns the whole set of these configurations."""
        ordered = sorted(configs, key=attrgetter("agent_slug"))
        return cls(ordered, [], etag(ordered))


def etag(configs: Collection[ResolvedAgentConfig]) -> str:
    """Returns a hash of configurations that are in the order of their slugs.

    It is SHA-256, in hexadecimal digits, of a JSON list that has, of each, the slugs and ids of the agent and of the active
    variant and the etag of the values.
    """
    parts = [
        (config.agent_slug, str(config.agent_id), config.variant_slug, str(config.variant_id), config.etag)
        for config in configs
    ]
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()
