"""Reads what many agents resolve to, in one SQL statement."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Integer, Text, any_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from db.agents import RESOLVED_DECODERS, WITH_ACTIVE_VARIANT, resolved_columns
from db.repository import IDS, WORKSPACE, Repository
from db.row_mapping import AnySelect, column_names, row_functions
from db.tables import agent_variants, agents
from domain.agents import ResolvedAgentConfig
from domain.config_sets import MAX_CONFIGS, MAX_PROMPT_BYTES
from domain.errors import InvalidInput
from domain.ids import AgentId

Versions = tuple[int, int]
"""The versions of an agent and of its active variant (0: there is none). What the agent resolves to changes with them only."""


class ConfigChanges(NamedTuple):
    """The difference between the configurations that a caller knows and the present ones, as of one moment."""

    changed: list[tuple[ResolvedAgentConfig, Versions]]
    gone: list[AgentId]
    """The known agents that were deleted, or that the request does not name."""


def _changes(*conditions: ColumnElement[bool]) -> AnySelect:
    """Returns the statement for the agents that are not known at their present versions, among those that are asked for.

    A row has what the agent resolves to; or else, of a known agent that is not there, nulls. If the agents are more than a set
    can have, or their prompts longer, there is only one row, which says how many and how long they are.
    """
    resolved = (
        select(
            *resolved_columns(),
            agents.c.version.label("version"),
            func.coalesce(agent_variants.c.version, 0).label("variant_version"),
        )
        .select_from(WITH_ACTIVE_VARIANT)
        .where(agents.c.workspace_id == WORKSPACE, *conditions)
        .subquery("resolved")
    )
    prompt_bytes = func.octet_length(resolved.c.system_prompt) + func.octet_length(resolved.c.user_prompt_template)
    current = select(
        resolved,
        func.count().over().label("configs"),
        func.sum(prompt_bytes).over().label("prompt_bytes"),
        func.row_number().over().label("place"),
    ).subquery("current")
    known = func.unnest(
        IDS, bindparam("versions", type_=ARRAY(Integer)), bindparam("variant_versions", type_=ARRAY(Integer))
    ).table_valued("id", "version", "variant_version")
    known = known.render_derived(name="known")
    is_too_large = (current.c.configs > bindparam("max_configs", type_=Integer)) | (
        current.c.prompt_bytes > bindparam("max_prompt_bytes", type_=BigInteger)
    )
    is_changed = or_(
        known.c.id.is_(None),
        known.c.version != current.c.version,
        known.c.variant_version != current.c.variant_version,
    )
    return (
        select(known.c.id.label("known_id"), is_too_large.label("is_too_large"), current)
        .select_from(current.outerjoin(known, known.c.id == current.c.agent_id, full=True))
        .where(or_(current.c.agent_id.is_(None), is_changed & ~is_too_large, is_too_large & (current.c.place == 1)))
    )


class ConfigSetRepository(Repository):
    """The resolved configurations of one workspace."""

    _CHANGES = _changes()
    _CHANGES_BY_SLUGS = _changes(agents.c.slug == any_(bindparam("slugs", type_=ARRAY(Text))))
    _to_configs = staticmethod(
        row_functions(ResolvedAgentConfig, column_names(_CHANGES), decoders=RESOLVED_DECODERS).entities
    )

    async def changes(self, slugs: Collection[str] | None, known: Mapping[AgentId, Versions]) -> ConfigChanges:
        """Returns what the agents with these slugs (None: all) resolve to, but for those that are known at their versions.

        Raises InvalidInput if all agents are more than a set can have, or if the prompts are too long together.
        """
        values = {
            "ids": list(known),
            "versions": [version for version, _ in known.values()],
            "variant_versions": [version for _, version in known.values()],
        }
        limits = {"max_configs": MAX_CONFIGS, "max_prompt_bytes": MAX_PROMPT_BYTES}
        if slugs is None:
            rows = await self._rows(self._CHANGES, **values, **limits)
        else:
            limits["max_configs"] = max(MAX_CONFIGS, len(slugs))
            rows = await self._rows(self._CHANGES_BY_SLUGS, slugs=list(slugs), **values, **limits)
        found = [row for row in rows if row["agent_id"] is not None]
        if found and found[0]["is_too_large"]:
            raise _too_large(found[0]["configs"], slugs)
        configs = self._to_configs(found)
        changed = [
            (config, (row["version"], row["variant_version"])) for config, row in zip(configs, found, strict=True)
        ]
        return ConfigChanges(changed, [row["known_id"] for row in rows if row["agent_id"] is None])


def _too_large(configs: int, slugs: Collection[str] | None) -> InvalidInput:
    if slugs is None and configs > MAX_CONFIGS:
        return InvalidInput.of(
            "agent_slugs", f"must be given: there are {configs:,} agents, and a set has at most {MAX_CONFIGS:,}"
        )
    return InvalidInput.of(
        "agent_slugs",
        f"must name fewer agents: the prompts have more than {MAX_PROMPT_BYTES // 1024**2} MiB together",
    )
