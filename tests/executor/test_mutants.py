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
from tests.harness.executor.comparison import Answer, answer
from tests.harness.executor.documents import documents, variables
from tests.harness.executor.examples import SLOW, examples
from tests.harness.executor.inputs import input_examples, inputs
from tests.harness.executor.schema import schema_of
from tests.harness.executor.sources import Thing
from tests.harness.executor.things import sound, things

EXAMPLES = 50
INPUTS = 150
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
    "null objects where there must be none": (
        "plan",
        "        if not self.nullable:\n            raise Surprise\n",
        "",
    ),
    "null objects left out": ("plan", "if objects is values:", "if True:"),
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
    "the first object for all": (
        "sources",
        "self.call, place), objects,",
        "self.call, place), objects[:1] * len(objects),",
    ),
    "one level only": ("plan", "await self.finish()", "pass"),
    "the plan of other variables": ("operation", "tuple([coerced.get(name) for name in self._directives])", "()"),
    "nothing handed back": ("fast", "return plain.complete_value(*again)", "return None"),
    "handed back, but errors kept": ("fast", "plain = copy(self)", "plain = self.build_per_event_executor(None)"),
    "a batch in another order": ("sources", "await self._batch(objects,", "await self._batch(objects[::-1],"),
    "an input as it comes": ("inputs", "coerced := type_.coerce_input_value(value)", "coerced := value"),
    "an input that is none": (
        "inputs",
        "type_.coerce_input_value(value)) is Undefined",
        "type_.coerce_input_value(value)) == ()",
    ),
    "null for a scalar that may not be": ("inputs", "value is None or value is Undefined or (", "("),
    "null for a variable that may not be": ("inputs", "if value is None and not nullable:", "if False:"),
    "anything as a list": ("inputs", 'if type({value}) is list else surprise())"  # also', 'if True else 0)"  # also'),
    "fields that are unknown": ("inputs", " or not known.issuperset(given)", ""),
    "fields that are missing": ("inputs", 'lines.append("else: surprise()")', 'lines.append("else: pass")'),
    "no default of a field": ("inputs", 'f"else: coerced[{out}] = {name}"', 'f"else: {name}"'),
    "no default of a variable": ("inputs", "if default is not None:", "if False:"),
    "no default of an argument": ("inputs", "return coerce_default_value(argument)", "return Undefined"),
    "variables that are missing": ("inputs", "elif is_non_null_type(type_):", "elif False:"),
    "two of @oneOf": ("inputs", "len(given) != 1 or len(coerced) != 1 or ", ""),
    "null of @oneOf": ("inputs", " or None in coerced.values()", ""),
    "a check that is not made": ("inputs", "if type_.out_type is GraphQLInputObjectType.out_type:", "if True:"),
    "null taken for left out": ("inputs", ") is not Undefined  # left out", ") is not None"),
    "null for Maybe that may not be": (
        "inputs",
        'f"(surprise() if {value} is None else Some({converted}))"',
        'f"Some({converted})"',
    ),
    "nothing for Maybe": ("inputs", 'return f"Some({converted})"', "return converted"),
    "a list that others have": ("inputs", 'items = f"list({value})"', "items = value"),
    "what the client gave, not what was coerced": ("inputs", "coerced[name] = coerce(value)", "coerced[name] = value"),
    "errors that are not handled": ("fast", "result = await function.handled(place, error)", "raise"),
    "a resolver called twice": (
        "fast",
        "await function.handled(place, error)",
        "await function.call(place, source, arguments)",
    ),
    "mutations together": ("fast", "self.operation.operation is OperationType.MUTATION", "False"),
    "an error without data that is not told": ("fast", "self.collected_errors.add(error, None)", "pass"),
    "errors of root fields that are not theirs": (
        "fast",
        "self.handle_field_error(error, type_, field.details, path)",
        "pass",
    ),
    "no source": ("sources", "self._function(source, **arguments)", "self._function(None, **arguments)"),
}


@pytest.fixture(scope="module")
def corpus() -> list[tuple[str, dict[str, Any], list[Thing], Answer]]:
    """The same in each run of the tests, with graphql-core's answers."""
    found: list[tuple[str, dict[str, Any], list[Thing], Answer]] = []
    for document, values, data in examples():
        found.append((document, values, data, asyncio.run(answer(SLOW, document, values, data))))

    always: dict[str, Any] = {"derandomize": True, "database": None, "deadline": None, "phases": [Phase.generate]}
    always["suppress_health_check"] = list(HealthCheck)

    @settings(max_examples=EXAMPLES, **always)
    @given(documents(SLOW._schema), variables, things())
    def collect(document: str, given_variables: dict[str, Any], data: list[Thing]) -> None:
        for either in (True, False):
            values = given_variables | {"either": either}
            found.append((document, values, data, asyncio.run(answer(SLOW, document, values, data))))

    @settings(max_examples=INPUTS, **always)
    @given(inputs(SLOW._schema))
    def collect_inputs(asked: tuple[str, dict[str, Any]]) -> None:
        expected = asyncio.run(answer(SLOW, *asked, sound("node")))
        found.extend([(*asked, sound("node"), expected)] * 2)  # the second time, the operation is known

    collect()
    collect_inputs()
    for document, values in input_examples(SLOW._schema):
        expected = asyncio.run(answer(SLOW, document, values, sound("node")))
        found.extend([(document, values, sound("node"), expected)] * 2)
    return found


@pytest.fixture
def mutant(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An executor with one fault; None: with none."""
    package = "mutated_executor"
    assert not request.param or (SOURCE / f"{request.param[0]}.py").exists(), f"no file {request.param[0]}.py"
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
