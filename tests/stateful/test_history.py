"""Histories against a plain model: whatever is done in whatever order, the events tell exactly that.

The model keeps, of an agent and of each variant, the list of all its states; and what was active as a stack. After each step
the whole history is read from the oldest event on, in small pages, and replayed from nothing; and each version is read back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.harness.agent_strategies import (
    CONFIGS,
    DEFAULTS,
    NAMES,
    NAMING,
    NO_OVERRIDES,
    OVERRIDES,
    PROMPTS,
    SLUGS,
    TWELVE,
    VERSIONS,
)
from tests.harness.histories import history, present, replayed
from tests.harness.servers import Api

ALL = " ".join(TWELVE)
PAGE = 3
MAX_ASKED = 10
"""Revisions of one document: more would be too complex."""
AGENT_REVISION = f"version slug name description activeVariantId config {{ {ALL} }} event {{ id }}"
VARIANT_REVISION = f"version slug name description overrides {{ {ALL} }} config {{ {ALL} }} event {{ id }}"
DIFF = "query Diff($a: ConfigRef!, $b: ConfigRef!) { configDiff(a: $a, b: $b) { fields { field a b textDiff } } }"

REASONS = st.none() | PROMPTS
ACTORS = st.none() | st.sampled_from(["ada@example.org", "Zoë", "議事録", "deploy (blue)"])
BACK = st.integers(-1, 6)
"""How many versions to go back; -1 is one that is still to come."""
PLACES = st.integers(0, 99)
"""One of what there is, modulo their number."""

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
    """As events list them: by the name of the column."""
    names = sorted((name for name in before | after if before.get(name) != after.get(name)), key=snake)
    return [{"field": name, "before": before.get(name), "after": after.get(name)} for name in names]


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def twelve(state: State) -> State:
    return {name: state[name] for name in TWELVE}


class HistoryMachine(RuleBasedStateMachine):
    variants = Bundle("variants")
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

    # Calls, and what they are expected to leave

    def call(self, name: str, actor: str | None, reason: str | None, **variables: Any) -> Any:
        self.actor, self.reason = actor or "anonymous", reason
        self.api.http.headers.pop("Rapporteur-Actor", None)
        if actor:
            self.api.http.headers["Rapporteur-Actor"] = actor
        return self.api.run(name, reason=reason, **variables)

    def wrote(self, entity: Entity, kind: str, after: State, restored: int | None = None) -> None:
        """The call made a version of this; or a deletion, of which nothing is left."""
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

    def moved(self, entity: Entity, patch: State, result: Any, restored: int | None = None) -> None:
        """An update or a revert to these values, which wrote if it changed anything."""
        after = entity.now | patch
        if after != entity.now:
            self.wrote(entity, "UPDATED" if restored is None else "ROLLED_BACK", after, restored)
        assert result["version"] == entity.version

    def activated(self, id: str | None) -> None:
        if self.agent.now["activeVariantId"] != id:
            self.wrote(self.agent, "ACTIVATED" if id else "DEACTIVATED", self.agent.now | {"activeVariantId": id})
            self.stack.append((self.agent.version, id))

    def stale(self, choice: str, entity: Entity, result: Any) -> bool:
        if choice == "stale":
            assert (result["__typename"], result["currentVersion"]) == ("Conflict", entity.version)
        return choice == "stale"

    def taken(self, entity: Entity | None, slug: str | None) -> bool:
        return any(slug == other.now["slug"] for other in self.living.values() if other is not entity)

    def expected(self, choice: str, entity: Entity) -> dict[str, int]:
        return {"absent": {}, "right": {"expectedVersion": entity.version}, "stale": {"expectedVersion": 0}}[choice]

    # The agent

    @initialize(config=CONFIGS, actor=ACTORS, reason=REASONS)
    def create_agent(self, config: State, actor: str | None, reason: str | None) -> None:
        config = {"modelProvider": "openai", "modelName": "gpt"} | config
        slug = f"agent-{uuid4().hex}"
        input = {"name": "Scribe", "slug": slug, "config": config}
        self.agent.id = self.call("CreateAgent", actor, reason, input=input)["id"]
        named = {"slug": slug, "name": "Scribe", "description": "", "activeVariantId": None}
        self.wrote(self.agent, "CREATED", named | DEFAULTS | config)

    @rule(
        naming=st.fixed_dictionaries({}, optional=NAMING),
        config=CONFIGS,
        new_slug=st.booleans(),
        version=VERSIONS,
        actor=ACTORS,
        reason=REASONS,
    )
    def update_agent(
        self, naming: State, config: State, new_slug: bool, version: str, actor: str | None, reason: str | None
    ) -> None:
        named = naming | ({"slug": f"agent-{uuid4().hex}"} if new_slug else {})
        result = self.call(
            "UpdateAgent",
            actor,
            reason,
            id=self.agent.id,
            input=named | {"config": config},
            **self.expected(version, self.agent),
        )
        if not self.stale(version, self.agent, result):
            self.moved(self.agent, stripped(named) | config, result)

    @rule(back=BACK, version=VERSIONS, actor=ACTORS, reason=REASONS)
    def revert_agent(self, back: int, version: str, actor: str | None, reason: str | None) -> None:
        agent, to = self.agent, self.agent.version - back
        expected = self.expected(version, agent)
        result = self.call("RevertAgent", actor, reason, id=agent.id, toVersion=to, **expected)
        if to >= 1 and self.stale(version, agent, result):
            return
        if not 1 <= to <= agent.version:
            assert [problem["path"] for problem in result["fields"]] == ["toVersion"]
            return
        stays = ("activeVariantId", "slug")
        was = {name: value for name, value in agent.states[to - 1].items() if name not in stays}
        self.moved(agent, was, result, to)

    # Variants

    @rule(
        target=variants,
        name=NAMES,
        slug=st.none() | SLUGS,
        overrides=OVERRIDES,
        actor=ACTORS,
        reason=REASONS,
    )
    def create_variant(
        self, name: str, slug: str | None, overrides: State, actor: str | None, reason: str | None
    ) -> Any:
        input = {"name": name, "slug": slug, "overrides": overrides}
        result = self.call("CreateVariant", actor, reason, agentId=self.agent.id, input=input)
        return self.created(name, slug, NO_OVERRIDES | overrides, result)

    @rule(
        target=variants,
        source=st.none() | variants,
        slug=st.none() | SLUGS,
        overrides=OVERRIDES,
        activate=st.booleans(),
        actor=ACTORS,
        reason=REASONS,
    )
    def clone(
        self,
        source: str | None,
        slug: str | None,
        overrides: State,
        activate: bool,
        actor: str | None,
        reason: str | None,
    ) -> Any:
        input = {"sourceVariantId": source, "name": "Clone", "slug": slug, "overrides": overrides, "activate": activate}
        result = self.call("CloneVariant", actor, reason, agentId=self.agent.id, input=input)
        if source in self.dead:
            assert result["__typename"] == "NotFound"
            return multiple()
        copied = twelve(self.living[source].now if source else self.agent.now)
        created = self.created("Clone", slug, copied | overrides, result)
        if activate and isinstance(created, str):
            self.activated(created)
        return created

    def created(self, name: str, slug: str | None, overrides: State, result: Any) -> Any:
        if self.taken(None, slug):
            assert result["__typename"] == "Conflict"
            return multiple()
        new = Entity(result["id"])
        self.living[new.id] = new
        named = {"slug": result["slug"], "name": name.strip(), "description": ""}
        self.wrote(new, "CREATED", named | overrides)
        return new.id

    def gone(self, id: str, result: Any) -> bool:
        if id in self.dead:
            assert (result["__typename"], result["id"]) == ("NotFound", id)
        return id in self.dead

    @rule(
        id=variants,
        naming=st.fixed_dictionaries({}, optional=NAMING | {"slug": SLUGS}),
        overrides=OVERRIDES,
        version=VERSIONS,
        actor=ACTORS,
        reason=REASONS,
    )
    def update_variant(
        self, id: str, naming: State, overrides: State, version: str, actor: str | None, reason: str | None
    ) -> None:
        variant = self.variant(id)
        expected = self.expected(version, variant)
        input = naming | {"overrides": overrides}
        result = self.call("UpdateVariant", actor, reason, id=id, input=input, **expected)
        if self.gone(id, result) or self.stale(version, variant, result):
            return
        if self.taken(variant, naming.get("slug")):
            assert result["__typename"] == "Conflict"
            return
        self.moved(variant, stripped(naming) | overrides, result)

    @rule(id=variants, actor=ACTORS, reason=REASONS)
    def update_variant_to_what_it_is(self, id: str, actor: str | None, reason: str | None) -> None:
        variant = self.variant(id)
        named = {name: variant.now[name] for name in ("name", "slug", "description")}
        input = named | {"overrides": twelve(variant.now)}
        result = self.call("UpdateVariant", actor, reason, id=id, input=input)
        if not self.gone(id, result):
            assert result["version"] == variant.version

    @rule(id=variants, back=BACK, version=VERSIONS, actor=ACTORS, reason=REASONS)
    def revert_variant(self, id: str, back: int, version: str, actor: str | None, reason: str | None) -> None:
        variant = self.variant(id)
        to = variant.version - back
        expected = self.expected(version, variant)
        result = self.call("RevertVariant", actor, reason, id=id, toVersion=to, **expected)
        if to >= 1 and (self.gone(id, result) or self.stale(version, variant, result)):
            return
        if not 1 <= to <= variant.version:
            assert [problem["path"] for problem in result["fields"]] == ["toVersion"]
        else:
            self.moved(variant, variant.states[to - 1] | {"slug": variant.now["slug"]}, result, to)

    @rule(id=consumes(variants), version=VERSIONS, actor=ACTORS, reason=REASONS)
    def delete_variant(self, id: str, version: str, actor: str | None, reason: str | None) -> None:
        self.delete(id, version, actor, reason)

    @rule(target=variants, id=consumes(variants), version=VERSIONS, actor=ACTORS, reason=REASONS)
    def delete_variant_and_use_it_on(self, id: str, version: str, actor: str | None, reason: str | None) -> str:
        self.delete(id, version, actor, reason)
        return id

    def delete(self, id: str, version: str, actor: str | None, reason: str | None) -> None:
        variant = self.variant(id)
        result = self.call("DeleteVariant", actor, reason, id=id, **self.expected(version, variant))
        if self.gone(id, result) or self.stale(version, variant, result):
            return
        if self.agent.now["activeVariantId"] == id:
            assert result["__typename"] == "Conflict"
            return
        assert result == {"id": id}
        self.wrote(variant, "DELETED", {})
        self.dead[id] = self.living.pop(id)

    def variant(self, id: str) -> Entity:
        return self.living.get(id) or self.dead[id]

    # Activation

    @rule(id=variants, version=VERSIONS, actor=ACTORS, reason=REASONS)
    def activate(self, id: str, version: str, actor: str | None, reason: str | None) -> None:
        variant = self.variant(id)
        result = self.call("ActivateVariant", actor, reason, id=id, **self.expected(version, variant))
        if self.gone(id, result) or self.stale(version, variant, result):
            return
        self.activated(id)
        assert (result["version"], result["activeVariant"]["id"]) == (self.agent.version, id)

    @rule(actor=ACTORS, reason=REASONS)
    def deactivate(self, actor: str | None, reason: str | None) -> None:
        result = self.call("DeactivateVariant", actor, reason, agentId=self.agent.id)
        self.activated(None)
        assert (result["version"], result["activeVariant"]) == (self.agent.version, None)

    @rule(version=VERSIONS, actor=ACTORS, reason=REASONS)
    def roll_back(self, version: str, actor: str | None, reason: str | None) -> None:
        agent = self.agent
        expected = self.expected(version, agent)
        result = self.call("RollbackActivation", actor, reason, agentId=agent.id, **expected)
        if self.stale(version, agent, result):
            return
        active = agent.now["activeVariantId"]
        beneath = [
            place for place, (_, id) in enumerate(self.stack[:-1]) if id != active and (id is None or id in self.living)
        ]
        if not beneath:
            assert result["__typename"] == "Conflict"
            return
        restored, id = self.stack[beneath[-1]]
        del self.stack[beneath[-1] + 1 :]
        self.wrote(agent, "ROLLED_BACK", agent.now | {"activeVariantId": id}, restored)
        assert result["version"] == agent.version

    # Differences

    def configurations(self) -> Iterator[tuple[dict[str, Any], State]]:
        """Every reference that there is, and what it refers to."""
        agent = self.agent
        yield {"base": agent.id}, twelve(agent.now)
        active = agent.now["activeVariantId"]
        yield {"resolved": agent.id}, self.over_base(self.living[active].now) if active else twelve(agent.now)
        for version, state in enumerate(agent.states, 1):
            yield {"baseRevision": {"agentId": agent.id, "version": version}}, twelve(state)
        for id, variant in self.living.items():
            yield {"variant": id}, self.over_base(variant.now)
        for id, variant in (self.living | self.dead).items():
            for version, state in enumerate(variant.states, 1):
                yield {"variantRevision": {"variantId": id, "version": version}}, self.over_base(state)

    def over_base(self, overrides: State) -> State:
        """Field by field the override, else the agent's present value."""
        base = self.agent.now
        return {name: base[name] if overrides[name] is None else overrides[name] for name in TWELVE}

    @rule(one=PLACES, other=PLACES)
    def diff(self, one: int, other: int) -> None:
        found = list(self.configurations())
        (a, before), (b, after) = found[one % len(found)], found[other % len(found)]
        fields = self.api.post(DIFF, {"a": a, "b": b})["data"]["configDiff"]["fields"]
        texts = {each["field"]: each.pop("textDiff") for each in fields}
        assert fields == [
            {"field": name, "a": before[name], "b": after[name]} for name in TWELVE if before[name] != after[name]
        ]
        for name, text in texts.items():
            if name in ("systemPrompt", "userPromptTemplate"):
                assert text.startswith("--- a\n+++ b\n@@ ")
            else:
                assert text is None

    # What must always hold

    @invariant()
    def the_history_is_what_was_done_and_gives_what_there_is(self) -> None:
        events = history(self.api, self.agent.id, PAGE)
        assert events == self.events
        assert replayed(events) == present(self.api, self.agent.id)

    @invariant()
    def each_version_is_what_it_was(self) -> None:
        for entity in (self.agent, *self.living.values()):
            root, selection = ("agent", AGENT_REVISION) if entity is self.agent else ("variant", VARIANT_REVISION)
            answers: list[Any] = []
            for first in range(1, entity.version + 2, MAX_ASKED):
                numbers = range(first, min(first + MAX_ASKED, entity.version + 2))
                asked = " ".join(f"v{number}: revision(version: {number}) {{ {selection} }}" for number in numbers)
                found = self.api.post(f'{{ {root}(id: "{entity.id}") {{ {asked} }} }}')["data"][root]
                answers += found.values()
            assert answers == [
                self.revision(entity, version, state) for version, state in enumerate(entity.states, 1)
            ] + [None]

    def revision(self, entity: Entity, version: int, state: State) -> dict[str, Any]:
        named = {name: value for name, value in state.items() if name not in TWELVE}
        configured = (
            {"config": twelve(state)}
            if entity is self.agent
            else {"overrides": twelve(state), "config": self.over_base(state)}
        )
        return {"version": version, "event": {"id": f"{entity.id}:{version}"}} | named | configured

    def teardown(self) -> None:
        """After its deletion the agent has its history, and the deletions are in it: the agent's is the last."""
        if not self.agent.id:
            return
        self.call("DeleteAgent", "reaper", None, id=self.agent.id)
        deleted = [*sorted(self.living.values(), key=lambda variant: variant.id), self.agent]
        for entity in deleted:
            self.wrote(entity, "DELETED", {})
        events = history(self.api, self.agent.id, PAGE)
        *others, last = events[-len(deleted) :]
        others.sort(key=lambda event: str(event["id"]))
        assert [*events[: -len(deleted)], *others, last] == self.events
        assert replayed(events) == present(self.api, self.agent.id) == {}


def stripped(naming: State) -> State:
    """Names lose surrounding white space."""
    return naming | ({"name": naming["name"].strip()} if "name" in naming else {})


def test_histories_tell_what_was_done(api: Api) -> None:
    client = Api(api.url)
    client.http.headers.encoding = "utf-8"  # for actors
    HistoryMachine.api = client
    try:
        run_state_machine_as_test(HistoryMachine, settings=settings(max_examples=10, stateful_step_count=30))
    finally:
        client.http.close()
