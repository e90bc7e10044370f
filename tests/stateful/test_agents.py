"""Agents and variants against a plain model: whatever is done in whatever order, the API says what the model says.

The model is dictionaries. After each step the whole of every agent is read back and must equal what the model expects of
it, versions included; `updatedAt` must have moved exactly where the version did.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.harness.agent_strategies import (
    CONFIG_NAMES,
    CONFIGS,
    DEFAULTS,
    KEBAB,
    NAMES,
    NAMING,
    NO_OVERRIDES,
    OVERRIDES,
    PROMPTS,
    SLUGS,
    VERSIONS,
)
from tests.harness.parameters import lay_over
from tests.harness.servers import Api

pytestmark = pytest.mark.slow

STATE = f"""
query State($id: ID!) {{
  agent(id: $id) {{
    id slug name description version updatedAt
    config {{ {" ".join(CONFIG_NAMES)} }}
    activeVariant {{ id isActive }}
    resolvedConfig {{ agentId variantId {" ".join(CONFIG_NAMES)} }}
    variants {{
      id slug name description isActive version updatedAt
      agent {{ id }}
      overrides {{ {" ".join(CONFIG_NAMES)} }}
      config {{ {" ".join(CONFIG_NAMES)} }}
    }}
  }}
}}
"""


@dataclass
class Variant:
    id: str
    name: str
    slug: str
    description: str
    overrides: dict[str, Any]
    version: int = 1
    seen: tuple[int, str] | None = None
    """The version last read, and the `updatedAt` that came with it."""


@dataclass
class Agent:
    id: str
    name: str
    slug: str
    description: str
    config: dict[str, Any]
    version: int = 1
    active: str | None = None
    variants: dict[str, Variant] = field(default_factory=dict)
    seen: tuple[int, str] | None = None

    def resolved(self, variant: Variant | None) -> dict[str, Any]:
        """The variant's values over the agent's."""
        overrides = variant.overrides if variant else NO_OVERRIDES
        return lay_over(self.config, overrides)

    def expected(self) -> dict[str, Any]:
        """Returns what the API must answer, without `updatedAt`."""
        active = self.variants[self.active] if self.active else None
        return {
            "id": self.id,
            "slug": self.slug,
            "name": self.name,
            "description": self.description,
            "version": self.version,
            "config": self.config,
            "activeVariant": active and {"id": active.id, "isActive": True},
            "resolvedConfig": {"agentId": self.id, "variantId": self.active, **self.resolved(active)},
            "variants": [
                {
                    "id": variant.id,
                    "slug": variant.slug,
                    "name": variant.name,
                    "description": variant.description,
                    "isActive": variant is active,
                    "version": variant.version,
                    "agent": {"id": self.id},
                    "overrides": variant.overrides,
                    "config": self.resolved(variant),
                }
                for variant in self.variants.values()
            ],
        }


def expected_version(choice: str, entity: Agent | Variant) -> dict[str, int]:
    """The argument: left out, the present version, or one that is not."""
    return {"absent": {}, "right": {"expectedVersion": entity.version}, "stale": {"expectedVersion": 0}}[choice]


def assert_conflict(result: Any, version: int) -> None:
    assert result["__typename"] == "Conflict", result
    assert result["currentVersion"] == version


class AgentMachine(RuleBasedStateMachine):
    agents = Bundle("agents")
    variants = Bundle("variants")
    api: ClassVar[Api]

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[str, Agent] = {}

    def agent_of(self, variant_id: str) -> Agent | None:
        return next((agent for agent in self.model.values() if variant_id in agent.variants), None)

    def assert_not_found(self, result: Any) -> None:
        assert result["__typename"] == "NotFound", result

    # Agents

    @initialize(target=agents)
    def first_agent(self) -> str:
        return self.new_agent("Scribe", {})

    @precondition(lambda self: len(self.model) < 2)
    @rule(target=agents, name=NAMES, config=CONFIGS)
    def create_agent(self, name: str, config: dict[str, Any]) -> str:
        return self.new_agent(name, config)

    def new_agent(self, name: str, config: dict[str, Any]) -> str:
        config = {"modelProvider": "openai", "modelName": "gpt"} | config
        created = self.api.run("CreateAgent", input={"name": name, "config": config})
        id: str = created["id"]
        self.model[id] = Agent(id, name.strip(), created["slug"], "", DEFAULTS | config)
        return id

    @rule(id=agents, naming=st.fixed_dictionaries({}, optional=NAMING), config=st.none() | CONFIGS, version=VERSIONS)
    def update_agent(self, id: str, naming: dict[str, str], config: dict[str, Any] | None, version: str) -> None:
        self.change_agent(id, naming | ({} if config is None else {"config": config}), version)

    @rule(id=agents, version=VERSIONS)
    def move_agent(self, id: str, version: str) -> None:
        self.change_agent(id, {"slug": f"agent-{uuid4().hex}"}, version)

    def change_agent(self, id: str, patch: dict[str, Any], choice: str) -> None:
        agent = self.model.get(id)
        if agent is None:
            self.assert_not_found(self.api.run("UpdateAgent", id=id, input=patch))
            return
        result = self.api.run("UpdateAgent", id=id, input=patch, **expected_version(choice, agent))
        if choice == "stale":
            assert_conflict(result, agent.version)
            return
        before = agent.expected()
        agent.name = patch.get("name", agent.name).strip()
        agent.slug = patch.get("slug", agent.slug)
        agent.description = patch.get("description", agent.description)
        agent.config = agent.config | patch.get("config", {})
        agent.version += agent.expected() != before
        assert result["version"] == agent.version

    @rule(id=agents, version=VERSIONS)
    def delete_agent(self, id: str, version: str) -> None:
        agent = self.model.get(id)
        if agent is None:
            self.assert_not_found(self.api.run("DeleteAgent", id=id))
            return
        result = self.api.run("DeleteAgent", id=id, **expected_version(version, agent))
        if version == "stale":
            assert_conflict(result, agent.version)
        else:
            assert result == {"__typename": "Deleted", "id": id}
            del self.model[id]

    # Variants

    @rule(target=variants, id=agents, name=NAMES, slug=st.none() | SLUGS, overrides=OVERRIDES)
    def create_variant(self, id: str, name: str, slug: str | None, overrides: dict[str, Any]) -> Any:
        result = self.api.run("CreateVariant", agentId=id, input={"name": name, "slug": slug, "overrides": overrides})
        return self.created(id, name, slug, NO_OVERRIDES | overrides, result)

    @rule(
        target=variants,
        id=agents,
        name=NAMES,
        slug=st.none() | SLUGS,
        overrides=OVERRIDES,
        activate=st.booleans(),
    )
    def clone_base(self, id: str, name: str, slug: str | None, overrides: dict[str, Any], activate: bool) -> Any:
        input = {"name": name, "slug": slug, "overrides": overrides, "activate": activate}
        result = self.api.run("CloneVariant", agentId=id, input=input)
        stored = self.model[id].config | overrides if id in self.model else {}
        return self.created(id, name, slug, stored, result, activate)

    @rule(
        target=variants,
        id=agents,
        source=variants,
        name=NAMES,
        slug=st.none() | SLUGS,
        overrides=OVERRIDES,
        activate=st.booleans(),
    )
    def clone_variant(
        self, id: str, source: str, name: str, slug: str | None, overrides: dict[str, Any], activate: bool
    ) -> Any:
        input = {"sourceVariantId": source, "name": name, "slug": slug, "overrides": overrides, "activate": activate}
        result = self.api.run("CloneVariant", agentId=id, input=input)
        if id not in self.model or source not in self.model[id].variants:
            self.assert_not_found(result)
            return multiple()
        stored = self.model[id].variants[source].overrides | overrides
        return self.created(id, name, slug, stored, result, activate)

    def created(
        self, id: str, name: str, slug: str | None, overrides: dict[str, Any], result: Any, activate: bool = False
    ) -> Any:
        agent = self.model.get(id)
        if agent is None:
            self.assert_not_found(result)
            return multiple()
        if slug in {variant.slug for variant in agent.variants.values()}:
            assert result["__typename"] == "Conflict", result
            return multiple()
        assert slug is None or result["slug"] == slug
        new = Variant(result["id"], name.strip(), result["slug"], "", overrides)
        agent.variants[new.id] = new
        if activate:
            agent.active = new.id
            agent.version += 1
        assert result["isActive"] is activate
        assert result["agent"]["version"] == agent.version
        return new.id

    @rule(
        id=variants,
        naming=st.fixed_dictionaries({}, optional=NAMING | {"slug": SLUGS}),
        overrides=st.none() | OVERRIDES,
        version=VERSIONS,
    )
    def update_variant(self, id: str, naming: dict[str, str], overrides: dict[str, Any] | None, version: str) -> None:
        patch = naming | ({} if overrides is None else {"overrides": overrides})
        agent = self.agent_of(id)
        if agent is None:
            self.assert_not_found(self.api.run("UpdateVariant", id=id, input=patch))
            return
        variant = agent.variants[id]
        result = self.api.run("UpdateVariant", id=id, input=patch, **expected_version(version, variant))
        if version == "stale":
            assert_conflict(result, variant.version)
            return
        slug = naming.get("slug", variant.slug)
        if any(other is not variant and other.slug == slug for other in agent.variants.values()):
            assert result["__typename"] == "Conflict", result
            return
        before = agent.expected()
        variant.name = naming.get("name", variant.name).strip()
        variant.slug = slug
        variant.description = naming.get("description", variant.description)
        variant.overrides = variant.overrides | (overrides or {})
        variant.version += agent.expected() != before
        assert result["version"] == variant.version

    @rule(id=variants, version=VERSIONS)
    def delete_variant(self, id: str, version: str) -> None:
        agent = self.agent_of(id)
        if agent is None:
            self.assert_not_found(self.api.run("DeleteVariant", id=id))
            return
        variant = agent.variants[id]
        result = self.api.run("DeleteVariant", id=id, **expected_version(version, variant))
        if version == "stale" or agent.active == id:
            assert_conflict(result, variant.version)
        else:
            assert result == {"__typename": "Deleted", "id": id}
            del agent.variants[id]

    # Activation

    @rule(id=variants, version=VERSIONS, reason=st.none() | PROMPTS)
    def activate(self, id: str, version: str, reason: str | None) -> None:
        agent = self.agent_of(id)
        if agent is None:
            self.assert_not_found(self.api.run("ActivateVariant", id=id))
            return
        variant = agent.variants[id]
        result = self.api.run("ActivateVariant", id=id, reason=reason, **expected_version(version, variant))
        if version == "stale":
            assert_conflict(result, variant.version)
            return
        agent.version += agent.active != id
        agent.active = id
        assert result["version"] == agent.version
        assert result["activeVariant"]["id"] == id

    @rule(id=agents, reason=st.none() | PROMPTS)
    def deactivate(self, id: str, reason: str | None) -> None:
        result = self.api.run("DeactivateVariant", agentId=id, reason=reason)
        agent = self.model.get(id)
        if agent is None:
            self.assert_not_found(result)
            return
        agent.version += agent.active is not None
        agent.active = None
        assert result["version"] == agent.version
        assert result["activeVariant"] is None

    # What must always hold

    @invariant()
    def the_api_says_what_the_model_says(self) -> None:
        for agent in self.model.values():
            read = self.api.post(STATE, {"id": agent.id})["data"]["agent"]
            assert sum(variant["isActive"] for variant in read["variants"]) == (agent.active is not None)
            self.assert_moved_with_its_version(agent, read)
            for variant in read["variants"]:
                self.assert_moved_with_its_version(agent.variants[variant["id"]], variant)
            assert read == agent.expected()

    @invariant()
    def slugs_are_kebab_case_and_unique(self) -> None:
        for agent in self.model.values():
            slugs = [variant.slug for variant in agent.variants.values()]
            assert len(set(slugs)) == len(slugs)
            assert all(KEBAB.fullmatch(slug) for slug in [agent.slug, *slugs])
        assert len({agent.slug for agent in self.model.values()}) == len(self.model)

    def assert_moved_with_its_version(self, entity: Agent | Variant, read: dict[str, Any]) -> None:
        """`updatedAt`, which is taken out of what was read, is another one exactly when the version is."""
        seen = (read["version"], read.pop("updatedAt"))
        if entity.seen:
            assert (seen[0] == entity.seen[0]) == (seen[1] == entity.seen[1])
        entity.seen = seen

    def teardown(self) -> None:
        for id in self.model:
            self.api.run("DeleteAgent", id=id)


def test_agents_and_variants_do_what_the_model_does(api: Api) -> None:
    AgentMachine.api = api
    run_state_machine_as_test(AgentMachine, settings=settings(max_examples=12, stateful_step_count=40))
