"""Variants: named sets of overrides of an agent's configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from domain.agents import NAMING_RULES, not_null
from domain.configs import OVERRIDE_RULES, AgentConfig, ConfigOverrides, as_overrides
from domain.errors import Conflict
from domain.ids import AgentId, VariantId, new_id
from domain.optimistic_locking import Versioned
from domain.validation import Check

MAX_VARIANTS = 200
"""Of one agent: the list of an agent's variants is not paged."""


@dataclass(slots=True)
class AgentVariant(Versioned):
    """A variant. Its slug is unique among those of its agent; at most one of these is active."""

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
    """What is stored of a variant at first. `slug` is None where it is to be made from the name."""

    name: str
    overrides: ConfigOverrides
    slug: str | None = None
    description: str = ""
    id: VariantId = field(default_factory=lambda: VariantId(new_id()))


def new_variant(
    values: Mapping[str, Any], source: AgentConfig | ConfigOverrides | None = None, path: str = "input"
) -> CreateVariant:
    """Check an input: the fields of `CreateVariant`, `overrides` as a mapping.

    With a `source` it is a clone: every field that is not overridden keeps the source's value, and a given null overrides
    too (that field inherits). Raises InvalidInput.
    """
    check = Check()
    named = check.fields(NAMING_RULES, not_null(values, but="overrides"), path)
    overridden = check.nested(OVERRIDE_RULES, values.get("overrides") or {}, f"{path}.overrides")
    check.done()
    start = as_overrides(source) if source else ConfigOverrides()
    return CreateVariant(**named, overrides=replace(start, **overridden))


def patch_variant(variant: AgentVariant, values: Mapping[str, Any]) -> AgentVariant:
    """The variant with the given fields set (a null override inherits again). Raises InvalidInput."""
    check = Check()
    named = check.fields(NAMING_RULES, {name: value for name, value in values.items() if name != "overrides"}, "input")
    overridden = check.nested(OVERRIDE_RULES, values.get("overrides", {}), "input.overrides")
    check.done()
    return replace(variant, **named, overrides=replace(variant.overrides, **overridden))


def ensure_variant_limit(variants: int) -> None:
    """Raise Conflict where an agent has as many variants as it may."""
    if variants >= MAX_VARIANTS:
        raise Conflict(f"an agent can have at most {MAX_VARIANTS} variants: delete one first")


def ensure_deletable(variant: AgentVariant) -> None:
    """Raise Conflict for the active variant."""
    if variant.is_active:
        raise Conflict(
            "the active variant cannot be deleted: deactivate it, or activate another, first", variant.version
        )
