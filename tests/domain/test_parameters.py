"""Parameters as pure functions: the merge, what is the same, and what is valid."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from domain.parameters import MAX_PARAMETERS_BYTES, Parameters, ParametersRule, merge_patch
from domain.rules import Violation
from tests.harness import parameters as rfc
from tests.harness.parameters import PARAMETERS

rule = ParametersRule(MAX_PARAMETERS_BYTES)


def nested(depth: int) -> dict[str, Any]:
    return {"a": nested(depth - 1)} if depth else {}


@settings(max_examples=40)
@given(PARAMETERS, PARAMETERS)
def test_the_merge_is_that_of_rfc_7396_and_leaves_both_as_they_are(
    target: dict[str, Any], patch: dict[str, Any]
) -> None:
    before = orjson.dumps((target, patch))
    assert orjson.dumps(merge_patch(target, patch), option=orjson.OPT_SORT_KEYS) == orjson.dumps(
        rfc.merge_patch(target, patch), option=orjson.OPT_SORT_KEYS
    )
    assert orjson.dumps((target, patch)) == before


def test_true_is_not_one() -> None:
    assert Parameters(a=[1]) != Parameters(a=[True])
    assert Parameters(a=1) != {"a": True}
    assert Parameters(a=1) == {"a": 1.0}
    assert Parameters() != None  # noqa: E711


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"logit_bias": {str(token): -100 for token in range(1_200)}},
        {"text": "é" * (MAX_PARAMETERS_BYTES // 2 - 6)},
        nested(16),
        {"seed": 2**53 - 1, "tiny": 5e-324, "a": [None, True, "", -0.5]},
    ],
)
def test_valid(value: dict[str, Any]) -> None:
    assert rule(value) == value


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([], "must be a JSON object"),
        ("{}", "must be a JSON object"),
        ({"": 1}, "must not have empty keys"),
        ({"a": [{"": 1}]}, "must not have empty keys"),
        ({"a": float("nan")}, "must have only finite numbers"),
        ({"a": [float("-inf")]}, "must have only finite numbers"),
        ({"a": 2**53}, "must not have numbers beyond 9,007,199,254,740,991"),
        ({"a": 1e300}, "must not have numbers beyond"),
        ({"a\0": 1}, "must not contain the NUL character"),
        ({"a": "\ud800"}, "must not contain a lone surrogate"),
        (nested(17), "nested 16 deep at most"),
        (
            {"a": "é" * (MAX_PARAMETERS_BYTES // 2)},
            "must have at most 16,384 bytes as compact JSON in UTF-8, has 16,392",
        ),
        ({"a": [0] * MAX_PARAMETERS_BYTES}, "must have at most 16,384 values"),
    ],
)
def test_invalid(value: object, says: str) -> None:
    with pytest.raises(Violation, match=says):
        rule(value)
