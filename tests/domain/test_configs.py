"""Resolution, clones and patches as pure functions."""

from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agents import CreateAgent
from domain.configs import CONFIG_FIELDS, AgentConfig, ConfigOverrides, as_overrides, resolve, values_of
from domain.errors import InvalidInput
from domain.parameters import Parameters
from domain.validation import parse
from domain.variants import CloneVariant
from tests.harness.parameters import PARAMETERS, merge_patch

STORABLE = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
NAME = st.text(STORABLE, min_size=1, max_size=20).map(str.strip).filter(bool)
VALUES: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(CONFIG_FIELDS, st.integers(0, 2**31 - 1)) | {
    "model_provider": NAME,
    "model_name": NAME,
    "system_prompt": st.text("ab {}\n").filter(lambda prompt: prompt.strip() or not prompt),
    "user_prompt_template": st.just("{{question}}"),
    "prompt_version": NAME,
    "temperature": st.floats(0, 2),
    "parameters": PARAMETERS.map(Parameters),
}
CONFIGS = st.builds(AgentConfig, **VALUES)
OVERRIDES = st.builds(ConfigOverrides, **{name: st.none() | strategy for name, strategy in VALUES.items()})


@given(CONFIGS, OVERRIDES)
def test_an_override_wins_field_by_field(base: AgentConfig, overrides: ConfigOverrides) -> None:
    resolved = asdict(resolve(base, overrides))
    for name, override in asdict(overrides).items():
        inherited = getattr(base, name)
        if name == "parameters":
            assert resolved[name] == merge_patch(inherited, override or {})
        else:
            assert resolved[name] == (inherited if override is None else override)


@given(CONFIGS, CONFIGS)
def test_a_clone_of_the_base_no_longer_follows_it(base: AgentConfig, later: AgentConfig) -> None:
    resolved = resolve(later, as_overrides(base))
    assert values_of(resolved) == values_of(base)
    assert resolved.parameters == merge_patch(later.parameters, base.parameters)


@given(OVERRIDES, OVERRIDES, st.sets(st.sampled_from(CONFIG_FIELDS)))
def test_a_clone_keeps_what_is_not_overridden(
    source: ConfigOverrides, given_: ConfigOverrides, names: set[str]
) -> None:
    overrides = {name: getattr(given_, name) for name in names}
    command = parse(CloneVariant, {"name": "Clone", "overrides": overrides}, "input")
    clone = command.clone(source).overrides
    for name in CONFIG_FIELDS:
        assert getattr(clone, name) == (overrides[name] if name in names else getattr(source, name))


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(
            CreateAgent,
            {"name": " ", "config": {"model_provider": "p", "temperature": 3.0, "max_tokens": -1}},
            "input",
        )
    assert {field.path for field in caught.value.fields} == {
        "input.name",
        "input.config.temperature",
        "input.config.max_tokens",
        "input.config.model_name",
    }
