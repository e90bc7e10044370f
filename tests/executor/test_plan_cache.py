"""Checks how many plans are kept, and for how long."""

import gc
from collections.abc import Awaitable, Sequence

import pytest
from graphql import DocumentNode, ExecutionResult, parse

from executor import FastExecutor
from executor.operation_plan import MAX_ROOT_PLANS_PER_OPERATION, OperationPlan
from executor.plan import SelectionPlan
from executor.plan_cache import MAX_SELECTION_PLANS, PlanCache
from tests.harness.executor.comparison import build_executor
from tests.harness.executor.examples import FAST
from tests.harness.executor.generated_values import copied, sound


def conditional(names: Sequence[str]) -> DocumentNode:
    """Returns a document that selects fields by variables of these names."""
    variables = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"{name}: id @include(if: ${name})" for name in names)
    return parse(f"query ({variables}) {{ nodes {{ {fields} }} }}")


def executor_for(document: DocumentNode, **variables: object) -> FastExecutor:
    return build_executor(FAST, document, context_value=copied(sound("node")), raw_variable_values=variables)


async def test_selections_are_planned_once_for_the_same_conditions() -> None:
    document = parse("query ($a: Boolean!) { nodes { id @skip(if: $a) boss { id } } }")
    created = []
    for a in (True, True, False, False, True):
        before = SelectionPlan.created_count
        result = executor_for(document, a=a).execute_operation()
        assert isinstance(result, Awaitable)
        response = await result
        assert isinstance(response, ExecutionResult)
        assert response.errors is None
        created.append(SelectionPlan.created_count - before)
    assert created == [2, 0, 2, 0, 0]


def test_root_plans_of_one_operation_are_bounded() -> None:
    names = ["a", "b", "c", "d", "e"]
    document = conditional(names)
    plan = OperationPlan(executor_for(document, **dict.fromkeys(names, False)), tuple(names))
    for number in range(2 * MAX_ROOT_PLANS_PER_OPERATION):
        variables = {name: bool(number & 1 << n) for n, name in enumerate(names)}
        plan.root_plan(executor_for(document, **variables))
        assert len(plan._root_plans) == min(number + 1, MAX_ROOT_PLANS_PER_OPERATION)


def test_plans_are_dropped_with_their_document() -> None:
    cache = PlanCache()
    document = conditional(["a"])
    cache.get(document)
    assert len(cache._plans) == 1
    del document
    gc.collect()
    assert len(cache._plans) == 0


def test_selection_plans_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = PlanCache()
    documents = [conditional(["a"]) for _ in range(3)]
    for document in documents[:2]:
        cache.get(document)
    monkeypatch.setattr(SelectionPlan, "created_count", SelectionPlan.created_count + MAX_SELECTION_PLANS + 1)
    cache.get(documents[2])
    assert len(cache._plans) == 1
