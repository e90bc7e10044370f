"""The rules that fields declare, and what null and leaving out mean for each kind of field."""

from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

import pytest

from domain.configs import CONFIG_FIELDS, AgentConfig, ConfigOverrides, PartialConfig, PartialOverrides
from domain.errors import FieldProblem, InvalidInput
from domain.ids import AgentId
from domain.meetings import MeetingState
from domain.partial_updates import OMITTED, Omitted, updated
from domain.rules import Integer, Text
from domain.validation import MaxItems, declarations, parse

Name = Annotated[str, Text(10, required=True, strip=True)]


@dataclass(frozen=True)
class Inner:
    count: Annotated[int, Integer(0, 9)]
    name: Name = "inner"


@dataclass(frozen=True)
class Everything:
    name: Name
    label: Name | None = "label"
    note: Name = "note"
    change: Name | Omitted = OMITTED
    nullable_change: Name | Omitted | None = OMITTED
    inner: Inner | Omitted = OMITTED
    inners: Annotated[list[Inner], MaxItems(2)] = field(default_factory=list)
    state: MeetingState = MeetingState.CREATED
    agent_id: AgentId | None = None


def problems(values: dict[str, Any]) -> list[FieldProblem]:
    with pytest.raises(InvalidInput) as caught:
        parse(Everything, values, "input")
    return list(caught.value.fields)


def test_what_is_left_out_has_its_default() -> None:
    assert parse(Everything, {"name": " Ada "}) == Everything("Ada")


def test_null_is_a_value_or_asks_for_the_default_or_is_refused() -> None:
    given = {"name": "Ada", "label": None, "note": None, "nullable_change": None, "agent_id": None, "inners": None}
    assert parse(Everything, given) == Everything("Ada", label=None, nullable_change=None)
    refused = problems({"name": None, "change": None, "inner": None})
    assert refused == [
        FieldProblem("input.name", "must not be null"),
        FieldProblem("input.change", "must not be null"),
        FieldProblem("input.inner", "must not be null: leave it out to change nothing"),
    ]


def test_values_are_stored_as_their_rules_return_them_at_every_depth() -> None:
    id = "01900000-0000-7000-8000-000000000000"
    given = {"name": "Ada", "inner": {"count": 1, "name": " in "}, "inners": [{"count": 2}], "agent_id": id}
    parsed = parse(Everything, given)
    assert parsed == Everything("Ada", inner=Inner(1, "in"), inners=[Inner(2)], agent_id=AgentId(UUID(id)))


def test_every_problem_is_named_with_its_path() -> None:
    paths = [problem.path for problem in problems({"inner": {"name": ""}, "inners": [{"count": 1}, {"count": 10}]})]
    assert paths == ["input.inner.name", "input.inner.count", "input.inners.1.count", "input.name"]
    assert problems({"name": "Ada", "inners": [{"count": 1}] * 3, "state": "CREATED"}) == [
        FieldProblem("input.inners", "must have at most 2 items, has 3"),
        FieldProblem("input.state", "must be one of CREATED, RECORDING, STOPPING, STOPPED, COMPLETED, ERROR"),
    ]


def test_a_field_without_a_rule_cannot_be_declared() -> None:
    @dataclass
    class Careless:
        name: str

    with pytest.raises(TypeError, match="no rule"):
        declarations(Careless)


def test_an_update_sets_what_it_does_not_omit() -> None:
    @dataclass(frozen=True)
    class Changes:
        name: Name | Omitted = OMITTED
        label: Name | Omitted | None = OMITTED
        inner: Inner | Omitted = OMITTED

    stored = Everything("Ada", inner=Inner(1))
    assert updated(stored, Changes()) == stored
    assert updated(stored, Changes(name="Eve", label=None, inner=Inner(2, "x"))) == Everything(
        "Eve", label=None, inner=Inner(2, "x")
    )


def test_all_kinds_of_configurations_declare_the_same_fields_and_rules() -> None:
    complete = declarations(AgentConfig)
    assert tuple(complete) == CONFIG_FIELDS
    for kind, nullable, omittable in (
        (ConfigOverrides, True, False),
        (PartialConfig, False, True),
        (PartialOverrides, True, True),
    ):
        for name, declared in declarations(kind).items():
            assert (declared.type, declared.constraint) == (complete[name].type, complete[name].constraint)
            assert (declared.nullable, declared.omittable, declared.required) == (nullable, omittable, False)
    assert [name for name, declared in complete.items() if declared.required] == ["model_provider", "model_name"]
