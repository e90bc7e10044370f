"""Models the history of an agent and its variants: what each was at each version, and what was active."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine

from tests.harness.agent_strategies import CONFIG_NAMES
from tests.harness.parameters import lay_over
from tests.harness.servers import Api

ALL = " ".join(CONFIG_NAMES)
AGENT_REVISION = f"version slug name description activeVariantId config {{ {ALL} }} event {{ id }}"
VARIANT_REVISION = f"version slug name description overrides {{ {ALL} }} config {{ {ALL} }} event {{ id }}"
State = dict[str, Any]


@dataclass
class Entity:
    """The agent or a variant: what it was at version 1, 2, 3, ..."""

    id: str
    states: list[State] = field(default_factory=list)

    @property
    def now(self) -> State:
        return self.states[-1]

    @property
    def version(self) -> int:
        return len(self.states)


def changes(before: State, after: State) -> list[dict[str, Any]]:
    """Lists the changes in the order of events: by the name of the column."""
    names = sorted((name for name in before | after if before.get(name) != after.get(name)), key=snake_case)
    return [{"field": name, "before": before.get(name), "after": after.get(name)} for name in names]


def snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def config_fields(state: State) -> State:
    return {name: state[name] for name in CONFIG_NAMES}


def with_stripped_name(naming: State) -> State:
    """Names lose surrounding white space."""
    return naming | ({"name": naming["name"].strip()} if "name" in naming else {})


class HistoryModel(RuleBasedStateMachine):
    """Holds the expected events and states; a subclass adds the rules that change the agent and its variants."""

    api: ClassVar[Api]

    def __init__(self) -> None:
        super().__init__()
        self.agent = Entity("")
        self.living: dict[str, Entity] = {}
        self.dead: dict[str, Entity] = {}
        self.stack: list[tuple[int, str | None]] = [(1, None)]
        self.events: list[dict[str, Any]] = []
        self.actor = "anonymous"
        self.reason: str | None = None

    def call(self, name: str, actor: str | None, reason: str | None, **variables: Any) -> Any:
        self.actor, self.reason = actor or "anonymous", reason
        self.api.http.headers.pop("Rapporteur-Actor", None)
        if actor:
            self.api.http.headers["Rapporteur-Actor"] = actor
        return self.api.run(name, reason=reason, **variables)

    def record_write(self, entity: Entity, kind: str, after: State, restored: int | None = None) -> None:
        """Records that the call made a version of this, or deleted it, of which nothing is left."""
        before = entity.states[-1] if entity.states else {}
        changed = changes(before, after)
        version = entity.version + 1
        if after:
            entity.states.append(after)
        variant: str | None = entity.id
        if entity is self.agent:
            of_active = [change for change in changed if after and change["field"] == "activeVariantId"]
            variant = (of_active[0]["after"] or of_active[0]["before"]) if of_active else None
        self.events.append(
            {
                "id": f"{entity.id}:{version}",
                "kind": kind,
                "actor": self.actor,
                "reason": self.reason,
                "version": version,
                "restoredVersion": restored,
                "agentId": self.agent.id,
                "variantId": variant,
                "changes": changed,
            }
        )

    def record_update(self, entity: Entity, patch: State, result: Any, restored: int | None = None) -> None:
        """Records an update or a revert to these values, which wrote if it changed anything."""
        after = entity.now | patch
        if after != entity.now:
            self.record_write(entity, "UPDATED" if restored is None else "ROLLED_BACK", after, restored)
        assert result["version"] == entity.version

    def record_activation(self, id: str | None) -> None:
        if self.agent.now["activeVariantId"] != id:
            self.record_write(
                self.agent, "ACTIVATED" if id else "DEACTIVATED", self.agent.now | {"activeVariantId": id}
            )
            self.stack.append((self.agent.version, id))

    def is_conflict(self, choice: str, entity: Entity, result: Any) -> bool:
        if choice == "stale":
            assert (result["__typename"], result["currentVersion"]) == ("Conflict", entity.version)
        return choice == "stale"

    def is_slug_taken(self, entity: Entity | None, slug: str | None) -> bool:
        return any(slug == other.now["slug"] for other in self.living.values() if other is not entity)

    def version_argument(self, choice: str, entity: Entity) -> dict[str, int]:
        return {"absent": {}, "right": {"expectedVersion": entity.version}, "stale": {"expectedVersion": 0}}[choice]

    def is_not_found(self, id: str, result: Any) -> bool:
        if id in self.dead:
            assert (result["__typename"], result["id"]) == ("NotFound", id)
        return id in self.dead

    def variant(self, id: str) -> Entity:
        return self.living.get(id) or self.dead[id]

    def configurations(self) -> Iterator[tuple[dict[str, Any], State]]:
        """Yields every reference that there is, and what it refers to."""
        agent = self.agent
        yield {"base": agent.id}, config_fields(agent.now)
        active = agent.now["activeVariantId"]
        yield (
            {"resolved": agent.id},
            self.resolved_over_base(self.living[active].now) if active else config_fields(agent.now),
        )
        for version, state in enumerate(agent.states, 1):
            yield {"baseRevision": {"agentId": agent.id, "version": version}}, config_fields(state)
        for id, variant in self.living.items():
            yield {"variant": id}, self.resolved_over_base(variant.now)
        for id, variant in (self.living | self.dead).items():
            for version, state in enumerate(variant.states, 1):
                yield {"variantRevision": {"variantId": id, "version": version}}, self.resolved_over_base(state)

    def resolved_over_base(self, overrides: State) -> State:
        """Lays the overrides over the agent's present values."""
        return lay_over(config_fields(self.agent.now), overrides)

    def revision(self, entity: Entity, version: int, state: State) -> dict[str, Any]:
        named = {name: value for name, value in state.items() if name not in CONFIG_NAMES}
        config = (
            {"config": config_fields(state)}
            if entity is self.agent
            else {"overrides": config_fields(state), "config": self.resolved_over_base(state)}
        )
        return {"version": version, "event": {"id": f"{entity.id}:{version}"}} | named | config
