"""Histories against a plain model: whatever is done in whatever order, the events tell exactly that.

The model keeps, of an agent and of each variant, the list of all its states; and what was active as a stack. After each step
the whole history is read from the oldest event on, in small pages, and replayed from nothing; and each version is read back.
"""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.harness.agent_strategies import (
    CONFIG_NAMES,
    CONFIGS,
    DEFAULTS,
    NAMES,
    NAMING,
    NO_OVERRIDES,
    OVERRIDES,
    PROMPTS,
    SLUGS,
    VERSIONS,
)
from tests.harness.histories import history, present, replayed
from tests.harness.history_model import (
    AGENT_REVISION,
    VARIANT_REVISION,
    Entity,
    HistoryModel,
    State,
    config_fields,
    with_stripped_name,
)
from tests.harness.servers import Api

pytestmark = pytest.mark.slow

PAGE_SIZE = 3
MAX_ASKED = 10
"""Revisions of one document: more would be too complex."""
DIFF = "query Diff($a: ConfigRef!, $b: ConfigRef!) { configDiff(a: $a, b: $b) { fields { field a b textDiff } } }"

REASONS = st.none() | PROMPTS
ACTORS = st.none() | st.sampled_from(["ada@example.org", "Zoë", "議事録", "deploy (blue)"])
BACK = st.integers(-1, 6)
"""How many versions to go back; -1 is one that is still to come."""
PLACES = st.integers(0, 99)
"""Indexes of existing things, modulo their number."""


class HistoryMachine(HistoryModel):
    variants = Bundle("variants")

    # The agent

    @initialize(config=CONFIGS, actor=ACTORS, reason=REASONS)
    def create_agent(self, config: State, actor: str | None, reason: str | None) -> None:
        config = {"modelProvider": "openai", "modelName": "gpt"} | config
        slug = f"agent-{uuid4().hex}"
        input = {"name": "Scribe", "slug": slug, "config": config}
        self.agent.id = self.call("CreateAgent", actor, reason, input=input)["id"]
        named = {"slug": slug, "name": "Scribe", "description": "", "activeVariantId": None}
        self.record_write(self.agent, "CREATED", named | DEFAULTS | config)

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
            **self.version_argument(version, self.agent),
        )
        if not self.is_conflict(version, self.agent, result):
            self.record_update(self.agent, with_stripped_name(named) | config, result)

    @rule(back=BACK, version=VERSIONS, actor=ACTORS, reason=REASONS)
    def revert_agent(self, back: int, version: str, actor: str | None, reason: str | None) -> None:
        agent, to = self.agent, self.agent.version - back
        expected = self.version_argument(version, agent)
        result = self.call("RevertAgent", actor, reason, id=agent.id, toVersion=to, **expected)
        if to >= 1 and self.is_conflict(version, agent, result):
            return
        if not 1 <= to <= agent.version:
            assert [problem["path"] for problem in result["fields"]] == ["toVersion"]
            return
        stays = ("activeVariantId", "slug")
        was = {name: value for name, value in agent.states[to - 1].items() if name not in stays}
        self.record_update(agent, was, result, to)

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
        copied = config_fields(self.living[source].now if source else self.agent.now)
        created = self.created("Clone", slug, copied | overrides, result)
        if activate and isinstance(created, str):
            self.record_activation(created)
        return created

    def created(self, name: str, slug: str | None, overrides: State, result: Any) -> Any:
        if self.is_slug_taken(None, slug):
            assert result["__typename"] == "Conflict"
            return multiple()
        new = Entity(result["id"])
        self.living[new.id] = new
        named = {"slug": result["slug"], "name": name.strip(), "description": ""}
        self.record_write(new, "CREATED", named | overrides)
        return new.id

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
        expected = self.version_argument(version, variant)
        input = naming | {"overrides": overrides}
        result = self.call("UpdateVariant", actor, reason, id=id, input=input, **expected)
        if self.is_not_found(id, result) or self.is_conflict(version, variant, result):
            return
        if self.is_slug_taken(variant, naming.get("slug")):
            assert result["__typename"] == "Conflict"
            return
        self.record_update(variant, with_stripped_name(naming) | overrides, result)

    @rule(id=variants, actor=ACTORS, reason=REASONS)
    def update_variant_to_what_it_is(self, id: str, actor: str | None, reason: str | None) -> None:
        variant = self.variant(id)
        named = {name: variant.now[name] for name in ("name", "slug", "description")}
        input = named | {"overrides": config_fields(variant.now)}
        result = self.call("UpdateVariant", actor, reason, id=id, input=input)
        if not self.is_not_found(id, result):
            assert result["version"] == variant.version

    @rule(id=variants, back=BACK, version=VERSIONS, actor=ACTORS, reason=REASONS)
    def revert_variant(self, id: str, back: int, version: str, actor: str | None, reason: str | None) -> None:
        variant = self.variant(id)
        to = variant.version - back
        expected = self.version_argument(version, variant)
        result = self.call("RevertVariant", actor, reason, id=id, toVersion=to, **expected)
        if to >= 1 and (self.is_not_found(id, result) or self.is_conflict(version, variant, result)):
            return
        if not 1 <= to <= variant.version:
            assert [problem["path"] for problem in result["fields"]] == ["toVersion"]
        else:
            self.record_update(variant, variant.states[to - 1] | {"slug": variant.now["slug"]}, result, to)

    @rule(id=consumes(variants), version=VERSIONS, actor=ACTORS, reason=REASONS)
    def delete_variant(self, id: str, version: str, actor: str | None, reason: str | None) -> None:
        self.delete(id, version, actor, reason)

    @rule(target=variants, id=consumes(variants), version=VERSIONS, actor=ACTORS, reason=REASONS)
    def delete_variant_and_use_it_on(self, id: str, version: str, actor: str | None, reason: str | None) -> str:
        self.delete(id, version, actor, reason)
        return id

    def delete(self, id: str, version: str, actor: str | None, reason: str | None) -> None:
        variant = self.variant(id)
        result = self.call("DeleteVariant", actor, reason, id=id, **self.version_argument(version, variant))
        if self.is_not_found(id, result) or self.is_conflict(version, variant, result):
            return
        if self.agent.now["activeVariantId"] == id:
            assert result["__typename"] == "Conflict"
            return
        assert result == {"__typename": "Deleted", "id": id}
        self.record_write(variant, "DELETED", {})
        self.dead[id] = self.living.pop(id)

    # Activation

    @rule(id=variants, version=VERSIONS, actor=ACTORS, reason=REASONS)
    def activate(self, id: str, version: str, actor: str | None, reason: str | None) -> None:
        variant = self.variant(id)
        result = self.call("ActivateVariant", actor, reason, id=id, **self.version_argument(version, variant))
        if self.is_not_found(id, result) or self.is_conflict(version, variant, result):
            return
        self.record_activation(id)
        assert (result["version"], result["activeVariant"]["id"]) == (self.agent.version, id)

    @rule(actor=ACTORS, reason=REASONS)
    def deactivate(self, actor: str | None, reason: str | None) -> None:
        result = self.call("DeactivateVariant", actor, reason, agentId=self.agent.id)
        self.record_activation(None)
        assert (result["version"], result["activeVariant"]) == (self.agent.version, None)

    @rule(version=VERSIONS, actor=ACTORS, reason=REASONS)
    def roll_back(self, version: str, actor: str | None, reason: str | None) -> None:
        agent = self.agent
        expected = self.version_argument(version, agent)
        result = self.call("RollbackActivation", actor, reason, agentId=agent.id, **expected)
        if self.is_conflict(version, agent, result):
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
        self.record_write(agent, "ROLLED_BACK", agent.now | {"activeVariantId": id}, restored)
        assert result["version"] == agent.version

    # Differences

    @rule(one=PLACES, other=PLACES)
    def diff(self, one: int, other: int) -> None:
        found = list(self.configurations())
        (a, before), (b, after) = found[one % len(found)], found[other % len(found)]
        fields = self.api.post(DIFF, {"a": a, "b": b})["data"]["configDiff"]["fields"]
        texts = {each["field"]: each.pop("textDiff") for each in fields}
        assert fields == [
            {"field": name, "a": before[name], "b": after[name]} for name in CONFIG_NAMES if before[name] != after[name]
        ]
        for name, text in texts.items():
            if name in ("systemPrompt", "userPromptTemplate", "parameters"):
                assert text.startswith("--- a\n+++ b\n@@ ")
            else:
                assert text is None

    # What must always hold

    @invariant()
    def the_history_is_what_was_done_and_gives_what_there_is(self) -> None:
        events = history(self.api, self.agent.id, PAGE_SIZE)
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

    def teardown(self) -> None:
        """After its deletion the agent has its history, and the deletions are in it: the agent's is the last."""
        if not self.agent.id:
            return
        self.call("DeleteAgent", "reaper", None, id=self.agent.id)
        deleted = [*sorted(self.living.values(), key=lambda variant: variant.id), self.agent]
        for entity in deleted:
            self.record_write(entity, "DELETED", {})
        events = history(self.api, self.agent.id, PAGE_SIZE)
        *others, last = events[-len(deleted) :]
        others.sort(key=lambda event: str(event["id"]))
        assert [*events[: -len(deleted)], *others, last] == self.events
        assert replayed(events) == present(self.api, self.agent.id) == {}


def test_histories_tell_what_was_done(api: Api) -> None:
    client = Api(api.url)
    client.http.headers.encoding = "utf-8"  # for actors
    HistoryMachine.api = client
    try:
        run_state_machine_as_test(HistoryMachine, settings=settings(max_examples=7, stateful_step_count=30))
    finally:
        client.http.close()
