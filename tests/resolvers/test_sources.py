"""Checks the source of each value of a resolved configuration, and the etag that changes with the values."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.agent_strategies import CONFIG_NAMES, CONFIG_VALUES, CONFIGS, NO_OVERRIDES, OVERRIDES
from tests.harness.parameters import merge_patch
from tests.harness.servers import Api

pytestmark = pytest.mark.slow

few = settings(max_examples=25)


def resolved(api: Api, agent: Any) -> Any:
    return api.run("ResolvedConfig", slug=agent["slug"])["resolvedConfig"]


def values(config: Any) -> dict[str, Any]:
    return {name: config[name] for name in (*CONFIG_NAMES, "modelParameters")}


def expected_sources(overrides: dict[str, Any], base: dict[str, Any] | None = None) -> list[dict[str, str | None]]:
    overrides = NO_OVERRIDES | overrides
    own = overrides["parameters"] or {}
    merged = merge_patch((base or {}).get("parameters") or {}, own)
    set_by_variant = [(name, None, overrides[name] is not None) for name in CONFIG_NAMES if name != "parameters"]
    set_by_variant += [("parameters", key, key in own) for key in sorted(merged, key=jsonb_order)]
    return [
        {"field": name, "key": key, "from": "VARIANT" if is_own else "BASE"} for name, key, is_own in set_by_variant
    ]


def jsonb_order(key: str) -> tuple[int, bytes]:
    """PostgreSQL keeps the keys of an object in the order of their lengths."""
    return len(key.encode()), key.encode()


@few
@given(base=CONFIGS, active=OVERRIDES, changed=OVERRIDES, inactive=OVERRIDES)
def test_a_value_is_the_variants_exactly_where_the_active_one_sets_it(
    api: Api, base: dict[str, Any], active: dict[str, Any], changed: dict[str, Any], inactive: dict[str, Any]
) -> None:
    agent = api.agent(**base)
    chosen, other = api.variant(agent, **active), api.variant(agent, **inactive)
    assert resolved(api, agent)["sources"] == expected_sources({}, base)
    api.run("ActivateVariant", id=chosen["id"])
    assert resolved(api, agent)["sources"] == expected_sources(active, base)
    api.run("UpdateVariant", id=chosen["id"], input={"overrides": changed})
    assert resolved(api, agent)["sources"] == expected_sources(active | changed, base)
    api.run("ActivateVariant", id=other["id"])
    assert resolved(api, agent)["sources"] == expected_sources(inactive, base)
    api.run("DeactivateVariant", agentId=agent["id"])
    assert resolved(api, agent)["sources"] == expected_sources({}, base)


def test_what_is_set_to_the_bases_value_is_the_variants(api: Api) -> None:
    agent = api.agent(maxTokens=7, systemPrompt="")
    same: dict[str, Any] = {"maxTokens": 7, "systemPrompt": "", "temperature": 0.7}
    before = resolved(api, agent)
    api.run("ActivateVariant", id=api.variant(agent, **same)["id"])
    after = resolved(api, agent)
    assert after["sources"] == expected_sources(same)
    assert (values(after), after["etag"]) == (values(before), before["etag"])


# Few values, so that two configurations are often equal, or differ in one field.
ALIKE = st.fixed_dictionaries(
    {"modelProvider": st.just("p"), "modelName": st.sampled_from(["m", "n"])},
    optional={
        "systemPrompt": st.sampled_from(["", "a", "b"]),
        "userPromptTemplate": st.sampled_from(["", "a", "b"]),
        "temperature": st.sampled_from([0.0, 0.7]),
        "maxTokens": st.sampled_from([0, 1, 4096]),
        "maxRetries": st.sampled_from([0, 1, 3]),
    },
)


@settings(max_examples=50)
@given(one=ALIKE | CONFIGS, other=ALIKE | CONFIGS, overrides=ALIKE | st.just({}))
def test_etags_are_equal_exactly_if_the_values_are(
    api: Api, one: dict[str, Any], other: dict[str, Any], overrides: dict[str, Any]
) -> None:
    first, second = api.agent(**one), api.agent(**other)
    api.run("ActivateVariant", id=api.variant(second, **overrides)["id"])
    a, b = resolved(api, first), resolved(api, second)
    assert (a["etag"] == b["etag"]) == (values(a) == values(b))
    cloned = api.run("CloneVariant", agentId=first["id"], input={"name": "All its own", "activate": True})
    again = resolved(api, first)
    assert again["variantId"] == cloned["id"]
    assert (again["etag"] == a["etag"]) == (values(again) == values(a))
    assert again["modelParameters"] == a["modelParameters"]


def test_each_field_counts(api: Api) -> None:
    agent = api.agent()
    other: dict[str, Any] = dict.fromkeys(CONFIG_VALUES, 12345) | {"temperature": 1.25}
    other |= dict.fromkeys(CONFIG_NAMES[:5], "other") | {"parameters": {"top_p": 0.5}}
    etags = {resolved(api, agent)["etag"]}
    for name in CONFIG_NAMES:
        api.run("UpdateAgent", id=agent["id"], input={"config": {name: other[name]}})
        etags.add(resolved(api, agent)["etag"])
    assert len(etags) == 14


def test_anyone_can_compute_it(api: Api) -> None:
    """The list of the twelve values as compact JSON in UTF-8, hashed with SHA-256; parameters follow where there are any."""
    agent = api.agent(systemPrompt="Протокол “🤖”\n", temperature=0.5)
    *twelve, parameters = CONFIG_NAMES
    assert parameters == "parameters"
    for given_, names in (({}, twelve), ({"stop": ["é"], "a": {"c": 0.1, "b": 2}}, (*CONFIG_NAMES, "modelParameters"))):
        api.run("UpdateAgent", id=agent["id"], input={"config": {"parameters": given_}})
        config = resolved(api, agent)
        listed = [config[name] for name in names]
        text = json.dumps(listed, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        assert config["etag"] == hashlib.sha256(text.encode()).hexdigest()
