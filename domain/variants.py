"""Variants: named sets of overrides of an agent's configuration."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.agents import Description, Name
from domain.configs import AgentConfig, ConfigOverrides, PartialOverrides, as_overrides
from domain.errors import Conflict
from domain.ids import AgentId, VariantId, new_id
from domain.optimistic_locking import Versioned
from domain.partial_updates import OMITTED, Omitted, updated
from domain.slugs import Slug

MAX_VARIANTS = 200
"""The most variants that an agent can have: their list is not paged."""


@dataclass(slots=True)
class AgentVariant(Versioned):
    """A variant. Its slug is unique among the variants of its agent, of which at most one is active."""

    id: VariantId
    agent_id: AgentId
    slug: str
    name: str
    description: str
    is_active: bool
    version: int
    created_at: datetime
    updated_at: datetime
    overrides: ConfigOverrides


@dataclass(slots=True)
class CreateVariant:
    """The command to create a variant."""

    name: Name
    overrides: ConfigOverrides = field(default_factory=ConfigOverrides)
    slug: Slug | None = None
    """The slug; None takes the first free one that is made of the name."""
    description: Description = ""
    id: VariantId = field(default_factory=lambda: VariantId(new_id()))


@dataclass(frozen=True, slots=True)
class CloneVariant:
    """The command to create a variant that starts from the agent's base or from another variant of the agent."""

    name: Name
    source_variant_id: VariantId | None = None
    """The variant to start from; None is the base."""
    slug: Slug | None = None
    description: Description = ""
    overrides: PartialOverrides = field(default_factory=PartialOverrides)
    activate: bool = False

    def clone(self, source: AgentConfig | ConfigOverrides) -> CreateVariant:
        """Returns the command to create the clone: a field that is not overridden keeps the source's value."""
        overrides = updated(as_overrides(source), self.overrides)
        return CreateVariant(self.name, overrides, self.slug, self.description)


@dataclass(frozen=True, slots=True)
class UpdateVariant:
    """The command to update a variant."""

    name: Name | Omitted = OMITTED
    slug: Slug | Omitted = OMITTED
    description: Description | Omitted = OMITTED
    overrides: PartialOverrides | Omitted = OMITTED


def ensure_variant_limit(variants: int) -> None:
    """Raises Conflict if an agent with so many variants cannot have another one."""
    if variants >= MAX_VARIANTS:
        raise Conflict(f"an agent can have at most {MAX_VARIANTS} variants: delete one first")


def ensure_deletable(variant: AgentVariant) -> None:
    """Raises Conflict if the variant is active."""
    if variant.is_active:
        raise Conflict(
            "the active variant cannot be deleted: deactivate it, or activate another, first", variant.version
        )
