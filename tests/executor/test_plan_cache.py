"""Checks how many plans are kept, and for how long."""

import gc
from typing import Any

import pytest
from graphql import parse

from executor import FastExecutor
from executor.operation import MAX_VALUES, Operation
from executor.plan import Selection
from executor.plan_cache import PlannedDocuments
from tests.harness.executor.examples import FAST
from tests.harness.executor.things import copied, sound


class TestPlans:
    DOCUMENT = "query ($a: Boolean!) { nodes { id @skip(if: $a) boss { id } } }"

    async def execute(self, document: Any, **variables: Any) -> None:
        context = copied(sound("node"))
        executor = FastExecutor.build(FAST._schema, document, None, context, variables)
        assert (await executor.execute_operation()).errors is None

    async def test_they_are_made_once_for_the_same_values(self) -> None:
        document = parse(self.DOCUMENT)
        made = []
        for a in (True, True, False, False, True):
            before = Selection.made
            await self.execute(document, a=a)
            made.append(Selection.made - before)
        assert made == [2, 0, 2, 0, 0]

    def planned(self, names: list[str]) -> Any:
        variables = ", ".join(f"${name}: Boolean!" for name in names)
        fields = " ".join(f"{name}: id @include(if: ${name})" for name in names)
        return parse(f"query ({variables}) {{ nodes {{ {fields} }} }}")

    def executor(self, document: Any, **variables: bool) -> Any:
        return FastExecutor.build(FAST._schema, document, None, None, variables)

    def test_those_of_one_document_are_bounded(self) -> None:
        names = ["a", "b", "c", "d", "e"]
        document = self.planned(names)
        variables: dict[str, bool] = dict.fromkeys(names, False)
        planned = Operation(self.executor(document, **variables), tuple(names))
        for number in range(2 * MAX_VALUES):
            variables = {name: bool(number & 1 << n) for n, name in enumerate(names)}
            planned.roots(self.executor(document, **variables))
            assert len(planned._roots) == min(number + 1, MAX_VALUES)

    def test_they_go_with_their_document(self) -> None:
        planned = PlannedDocuments()
        document = self.planned(["a"])
        planned.of(document)
        assert len(planned._documents) == 1
        del document
        gc.collect()
        assert len(planned._documents) == 0

    def test_all_together_are_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        planned = PlannedDocuments()
        documents = [self.planned(["a"]) for _ in range(3)]
        for document in documents[:2]:
            planned.of(document)
        monkeypatch.setattr(Selection, "made", Selection.made + 10_001)
        planned.of(documents[2])
        assert len(planned._documents) == 1
