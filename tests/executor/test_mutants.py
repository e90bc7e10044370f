"""The comparison of the two executors finds faults: each of these, put into the source of the fast one."""

import asyncio
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import executor
from tests.executor.documents import documents, variables
from tests.executor.test_differences import SLOW, examples
from tests.executor.world import Answer, Thing, answer, schema_of, things

EXAMPLES = 50
SOURCE = Path(executor.__file__).parent

MUTANTS = {
    "Int of any size": ("leaves", " and -2147483648 <= v <= 2147483647", ""),
    "Float that is not finite": ("leaves", " and v - v == 0.0", ""),
    "Boolean of a number": ("leaves", "type(v := {value}) is bool", "isinstance(v := {value}, int)"),
    "null where there must be none": ("leaves", "            raise Surprise\n", "            return None\n"),
    "the values of an enum": ("leaves", "type_.coerce_output_value(member) for", "str(member.value) for"),
    "all that str takes as IDs": (
        "leaves",
        'not issubclass(of, (str, int, float)) and of.__module__ != "builtins" and',
        "",
    ),
    "null objects where there must be none": ("plan", "len(present) != len(values) and not self.nullable", "False"),
    "null objects left out": ("plan", "if len(objects) == len(values):", "if True:"),
    "objects of any type": ("plan", "if verdicts != {True}:", "if False:"),
    "lists of anything": ("plan", "if type(each) not in _LISTS:", "if False:"),
    "lists cut wrongly": ("plan", "start += len(value)", "start += 1"),
    "empty lists for null ones": ("plan", "results.append(None)", "results.append([])"),
    "an exception as a value": ("surprises", "isinstance(value, Exception)", "False"),
    "an awaitable as a value": ("surprises", " or is_awaitable(value)", ""),
    "keys in another order": (
        "plan",
        "in collected.grouped_field_set.items():",
        "in sorted(collected.grouped_field_set.items()):",
    ),
    "an item for another": ("plan", "[values[index] for index in those]", "[values[those[0]] for index in those]"),
    "the name of the type": ("plan", "return repr(type_.name)", "return repr(key)"),
    "of merged fields the first": ("plan", "[each.node for each in field.details]", "[field.details[0].node]"),
    "no arguments": ("sources", "if not field.definition.args and not node.arguments:", "if True:"),
    "the first object for all": ("sources", "self._resolve(source, info", "self._resolve(objects[0], info"),
    "one level only": ("plan", "await self.finish()", "pass"),
    "the plan of other variables": ("documents", "key = (executor.schema, id(executor.operation), values)", "key = 0"),
    "nothing handed back": ("fast", "return plain.complete_value(*again)", "return None"),
    "handed back, but errors kept": ("fast", "plain = copy(self)", "plain = self.build_per_event_executor(None)"),
    "a batch in another order": ("sources", "await self._batch(objects,", "await self._batch(objects[::-1],"),
}


@pytest.fixture(scope="module")
def corpus() -> list[tuple[str, dict[str, Any], list[Thing], Answer]]:
    """The same in each run of the tests, with graphql-core's answers."""
    found: list[tuple[str, dict[str, Any], list[Thing], Answer]] = []
    for document, values, data in examples():
        found.append((document, values, data, asyncio.run(answer(SLOW, document, values, data))))

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(documents(SLOW._schema), variables, things())
    def collect(document: str, given_variables: dict[str, Any], data: list[Thing]) -> None:
        for either in (True, False):
            values = given_variables | {"either": either}
            found.append((document, values, data, asyncio.run(answer(SLOW, document, values, data))))

    collect()
    return found


@pytest.fixture
def mutant(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An executor with one fault; None: with none."""
    package = "mutated_executor"
    (tmp_path / package).mkdir()
    for path in SOURCE.glob("*.py"):
        source = path.read_text().replace("from executor", f"from {package}")
        if request.param and request.param[0] == path.stem:
            _, before, after = request.param
            assert source.count(before) == 1, f"{before} is not in {path.name} exactly once"
            source = source.replace(before, after)
        (tmp_path / package / path.name).write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module(package).FastExecutor
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        del sys.modules[name]


def differs(mutant: Any, corpus: list[tuple[str, dict[str, Any], list[Thing], Answer]]) -> bool:
    schema = schema_of(mutant)

    async def first_difference() -> bool:
        for document, values, data, expected in corpus:
            if await answer(schema, document, values, data) != expected:
                return True
        return False

    return asyncio.run(first_difference())


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # what a fault leaves behind is its own matter
@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS, indirect=True)
def test_a_fault_is_found(mutant: Any, corpus: list[tuple[str, dict[str, Any], list[Thing], Answer]]) -> None:
    assert differs(mutant, corpus)


@pytest.mark.parametrize("mutant", [None], ids=["no fault"], indirect=True)
def test_nothing_is_found_where_there_is_no_fault(
    mutant: Any, corpus: list[tuple[str, dict[str, Any], list[Thing], Answer]]
) -> None:
    assert not differs(mutant, corpus)
