"""The comparison of the two executors finds faults: each of these, put into the source of the fast one."""

import asyncio
import importlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import executor
from tests.harness.executor.comparison import Answer, answer
from tests.harness.executor.documents import documents, variables
from tests.harness.executor.examples import SLOW, examples
from tests.harness.executor.generated_values import sound, things
from tests.harness.executor.inputs import input_examples, inputs
from tests.harness.executor.schema import schema_of
from tests.harness.executor.sources import Thing

pytestmark = pytest.mark.slow

EXAMPLES = 40
INPUTS = 100
SOURCE = Path(executor.__file__).parent

Request = tuple[str, dict[str, Any], list[Thing], Answer]
"""A document with its variables, the data, and graphql-core's answer."""

Corpus = tuple[list[Request], list[Request]]
"""Requests that select much, and requests that give much."""

INPUT_MODULES = ("arguments", "input_coercion", "input_columns", "input_conversion", "variables")
"""The modules whose faults are found sooner by requests that give much."""

Fault = tuple[str, str, str]
"""The module, the text to replace, which is there once, and what replaces it."""

MUTANTS: dict[str, Fault] = {
    "Int of any size": ("output_coercion", " and -2147483648 <= v <= 2147483647", ""),
    "Float that is not finite": ("output_coercion", " and v - v == 0.0", ""),
    "Boolean of a number": ("output_coercion", "type(v := {value}) is bool", "isinstance(v := {value}, int)"),
    "null leaf of a Non-Null type": (
        "output_coercion",
        "            raise FallbackRequired\n",
        "            return None\n",
    ),
    "values of an enum in place of names": (
        "output_coercion",
        "type_.coerce_output_value(member) for",
        "str(member.value) for",
    ),
    "str of any class as an ID": (
        "output_coercion",
        'not issubclass(cls, (str, int, float)) and cls.__module__ != "builtins" and',
        "",
    ),
    "null object of a Non-Null type": (
        "plan",
        "        if not self.nullable:\n            raise FallbackRequired\n",
        "",
    ),
    "null objects left out": ("plan", "if objects is values:", "if True:"),
    "objects of any type": ("plan", "if verdicts != {True}:", "if False:"),
    "lists of any class": ("plan", "if not classes.issubset(LIST_CLASSES):", "if False:"),
    "lists cut wrongly": ("plan", "start += len(value)", "start += 1"),
    "empty lists in place of null": ("plan", "completed_lists.append(None)", "completed_lists.append([])"),
    "an exception as a value": ("plain_values", "isinstance(value, Exception)", "False"),
    "an awaitable as a value": ("plain_values", " or is_awaitable(value)", ""),
    "response names in another order": (
        "plan",
        "in collected.grouped_field_set.items():",
        "in sorted(collected.grouped_field_set.items()):",
    ),
    "one object in place of another": (
        "plan",
        "[values[index] for index in indexes]",
        "[values[indexes[0]] for index in indexes]",
    ),
    "another type name": (
        "projection",
        "return repr(plan.field.parent_type.name)",
        "return repr(plan.field.response_name)",
    ),
    "the column of another field": ("projection", 'return f"c{place}"', 'return "c0"'),
    "what a column is not known to have": (
        "projection",
        "leaf_class in (str, int, bool) and LEAF_CLASSES.get(leaf.type) is leaf_class",
        "True",
    ),
    "the JSON of another object": (
        "column_encoding",
        "(offsets[each.table] + each.start) * width",
        "each.start * width",
    ),
    "the JSON of another list": (
        "column_encoding",
        "(offsets[each.table] + each.start) * width",
        "offsets[each.table] * width",
    ),
    "a list of one object": ("column_encoding", "start + each.length * width", "start + width"),
    "a list that begins within another": ("column_encoding", "            json[start] = next_row\n", ""),
    "JSON that is not closed": (
        "column_encoding",
        'last = between[0], between[-1] if self._leaves else b""',
        'last = between[0], b""',
    ),
    "an end without leaves": ("column_encoding", ' if self._leaves else b""', ""),
    "names of fields that are lost": ("column_encoding", "self._between[-1] += part", "self._between[-1] = part"),
    "quotes that stay": ("column_encoding", "between = [*self._between]", "between = self._between"),
    "no quotes": ("column_encoding", "return pieces, False", "return pieces, True"),
    "a column in place of the first": ("column_encoding", "json[2 * place + 1 :: width]", "json[1 :: width]"),
    "what another table's column is known to have": (
        "column_encoding",
        "all(each.leaf_classes[leaf.column] is leaf_class for",
        "any(each.leaf_classes[leaf.column] is leaf_class for",
    ),
    "what no column is known to have": (
        "column_encoding",
        "is_known = leaf_class is not None and all(",
        "is_known = True or all(",
    ),
    "scalars that have no class": ("column_encoding", "leaf_class is not None and ", ""),
    "texts in place of other leaves": (
        "column_encoding",
        "        if not is_known and leaf.type is not GraphQLID:\n            raise ObjectsRequired\n",
        "",
    ),
    "texts in place of values": ("column_encoding", "if any(type(values) is str", "if all(type(values) is str"),
    "columns that are not coerced": ("column_encoding", "values if is_known else leaf.complete(values)", "values"),
    "numbers that JSON has not": ("column_encoding", 'if is_known and b"n" in encoded:', "if False:"),
    "the type name of another object": (
        "projection",
        "parts.append(b'\"%b\"' % plan.field.parent_type.name.encode())",
        "parts.append(b'\"Query\"')",
    ),
    "no commas": ("projection", 'b"," if parts else b"{"', 'b"{"'),
    "the names of attributes": (
        "projection",
        "plan.field.response_name.encode()))\n        name",
        "(plan.attribute or plan.field.response_name).encode()))\n        name",
    ),
    "the column of the object for its part": (
        "projection",
        'json_parts(plan.part or (), places, f"{name}.")',
        "json_parts(plan.part or (), places)",
    ),
    "the first column for what has none": (
        "projection",
        "(place := places.get(name)) is not None",
        "(place := places.get(name, 0)) is not None",
    ),
    "a part that may be null": ("projection", ' and any(column.startswith(f"{name}.") for column in columns)', ""),
    "a part that is not planned": ("projection", "return plan.part is not None and any(", "return any("),
    "less than is selected": (
        "projection",
        "        else:\n            return None\n    return [*parts",
        "        else:\n            continue\n    return [*parts",
    ),
    "nothing for an empty object": ("projection", 'if parts else [b"{}"]', "if parts else []"),
    "the attribute of the object for its part": (
        "projection",
        'f"o.{name}", self._namespace',
        "f\"o.{name.rpartition('.')[2]}\", self._namespace",
    ),
    "columns in the order of another table": ("plan", "            or others\n", ""),
    "rows of any class": ("plan", " and is_type_of.includes(classes))", ")"),
    "rows that are errors": ("plan", "            or not all(map(is_plain_class, classes))\n", ""),
    "any value as rows": ("object_rows", "= isinstance(value, ObjectRows)", "= True"),
    "rows beside another value": ("plan", "if len(classes) > 1 or not are_object_rows", "if not are_object_rows"),
    "the first of merged fields": (
        "field_context",
        "[each.node for each in self.details]",
        "[self.details[0].node]",
    ),
    "no arguments": ("resolution", "if not definition.args and not node.arguments:", "if True:"),
    "the first object for all": (
        "resolution",
        "self.call, context), objects,",
        "self.call, context), objects[:1] * len(objects),",
    ),
    "one level of loads only": ("pending_loads", "while loads:", "if loads:"),
    "the plan for other variables": (
        "operation_plan",
        "tuple([coerced.get(name) for name in self._condition_variables])",
        "()",
    ),
    "no fallback": ("executor", "return fallback.complete_value(*arguments)", "return None"),
    "a fallback whose errors are lost": (
        "executor",
        "fallback = copy(self)",
        "fallback = self.build_per_event_executor(None)",
    ),
    "a fallback with errors of its own": ("executor", "        self.collected_errors  # noqa", "        None  # noqa"),
    "an executor that is never constructed": (
        "executor",
        "executor.__init__(*arguments, **options)",
        "executor.errors = None",
    ),
    "a batch in another order": ("resolution", "self._batch(objects,", "self._batch(objects[::-1],"),
    "an input that is not coerced": (
        "input_coercion",
        "coerced := type_.coerce_input_value(value)",
        "coerced := value",
    ),
    "an input that is undefined": (
        "input_coercion",
        "type_.coerce_input_value(value)) is Undefined",
        "type_.coerce_input_value(value)) == ()",
    ),
    "null for a Non-Null scalar": ("input_coercion", "value is None or value is Undefined or (", "("),
    "a null variable for a Non-Null argument": ("arguments", "if is_non_null_type(declared.type):", "if False:"),
    "any value as a list": (
        "input_coercion",
        'if type({value}) is list else fall_back())"  # also',
        'if True else 0)"  # also',
    ),
    "unknown fields": ("input_coercion", " or not field_names.issuperset(value)", ""),
    "missing fields": ("input_coercion", 'body.append("else: fall_back()")', 'body.append("else: pass")'),
    "no default of a field": (
        "input_coercion",
        'f"else: coerced[{out_name}] = {default_name}"',
        'f"else: {default_name}"',
    ),
    "no default of a variable": ("variables", "if node.default_value is not None:", "if False:"),
    "no default of an argument": (
        "arguments",
        "value: object = coerce_default_value(argument)",
        "value: object = Undefined",
    ),
    "missing variables": ("variables", "elif is_non_null_type(type_):", "elif False:"),
    "fields that all objects lack": ("input_coercion", "if not required.issubset(names):", "if not names:"),
    "more fields than the first object has": (
        "input_coercion",
        " or sum(map(len, objects)) != len(objects) * len(names)",
        "",
    ),
    "columns of what is no object": ("input_coercion", "not _are_of(dict, objects) or ", ""),
    "a column with values of any class": (
        "input_coercion",
        "coerced = columns[name](values)",
        "coerced = columns[name](values) or values",
    ),
    "a column of texts with other values": (
        "input_coercion",
        "GraphQLString: _texts",
        "GraphQLString: lambda values: values",
    ),
    "a column of Ints of any size": (
        "input_coercion",
        " and min(values) >= GRAPHQL_MIN_INT and max(values) <= GRAPHQL_MAX_INT",
        "",
    ),
    "a column of Floats that are not finite": ("input_coercion", "floats if isfinite(sum(floats)) else None", "floats"),
    "a column of Floats with a Boolean": ("input_coercion", "{float, int}.issuperset", "{float, int, bool}.issuperset"),
    "a column of Floats that are less exact": ("input_coercion", "if floats != values:", "if False:"),
    "a whole number left in a variable": ("input_coercion", "{**each, name: value} for", "each for"),
    "a column of Booleans with an Int": ("input_coercion", "_are_of(bool, values)", "values"),
    "columns of a type with defaults": (
        "input_coercion",
        "coerce_default_value(field) is not Undefined or not (coerce_column",
        "not (coerce_column",
    ),
    "null in a column of a Non-Null type": (
        "input_coercion",
        "_beside_nulls(coerce_column) if nullable else coerce_column",
        "_beside_nulls(coerce_column)",
    ),
    "a null in place of another": ("input_coercion", "None if value is None else next(rest)", "next(rest, None)"),
    "one column in place of another": ("input_columns", "self._names[name]: values for", "self._names[name]: [] for"),
    "two fields of @oneOf": ("input_coercion", "len(value) != 1 or len(coerced) != 1 or ", ""),
    "null for @oneOf": ("input_coercion", " or None in coerced.values()", ""),
    "an input type's own check left out": (
        "input_coercion",
        "if type_.out_type is GraphQLInputObjectType.out_type:",
        "if True:",
    ),
    "null taken for left out": ("arguments", "if x is not absent:", "if x is not None:"),
    "null for a Maybe that is not nullable": (
        "input_conversion",
        'f"(fall_back() if {value} is None else Some({converted}))"',
        'f"Some({converted})"',
    ),
    "a Maybe without Some": ("input_conversion", 'return f"Some({converted})"', "return converted"),
    "a list that resolvers share": ("input_conversion", 'items = f"list({value})"', "items = value"),
    "a variable that is not coerced": (
        "variables",
        "{input_coercion_expression(type_, 'x', namespace)}",
        "{'x' if input_coercion_expression(type_, 'x', namespace) else 'x'}",
    ),
    "no exception handlers": ("executor", "result = await resolver.handle_error(context, error)", "raise"),
    "a root resolver called twice": (
        "executor",
        "await resolver.handle_error(context, error)",
        "await resolver.call(context, source, arguments)",
    ),
    "mutations at the same time": ("executor", "self.operation.operation is OperationType.MUTATION", "False"),
    "an error at the root that is not reported": ("executor", "self.collected_errors.add(error, None)", "pass"),
    "an error of a root field that is not reported": (
        "executor",
        "self.handle_field_error(error, plan.field.definition.type, plan.field.details, context.path)",
        "pass",
    ),
    "no source": ("resolution", "self._function(source, **arguments)", "self._function(None, **arguments)"),
}


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """The same in each run of the tests, with graphql-core's answers.

    It takes a chosen and a generated one in turn, as each kind finds faults of its own: so a fault is found soon.
    """

    def ask(document: str, values: dict[str, Any], data: list[Thing]) -> Request:
        return document, values, data, runner.run(answer(SLOW, document, values, data))

    def ask_twice(document: str, values: dict[str, Any]) -> list[Request]:
        return [ask(document, values, sound("node"))] * 2  # the second time, the operation is known

    generated: list[list[Request]] = []
    generated_inputs: list[list[Request]] = []
    always: dict[str, Any] = {"derandomize": True, "database": None, "deadline": None, "phases": [Phase.generate]}
    always["suppress_health_check"] = list(HealthCheck)

    @settings(max_examples=EXAMPLES, **always)
    @given(documents(SLOW._schema), variables, things())
    def collect(document: str, given_variables: dict[str, Any], data: list[Thing]) -> None:
        generated.append([ask(document, given_variables | {"either": either}, data) for either in (True, False)])

    @settings(max_examples=INPUTS, **always)
    @given(inputs(SLOW._schema))
    def collect_inputs(asked: tuple[str, dict[str, Any]]) -> None:
        generated_inputs.append(ask_twice(*asked))

    with asyncio.Runner() as runner:
        collect()
        collect_inputs()
        chosen = [[ask(*example)] for example in examples()]
        chosen_inputs = [ask_twice(*example) for example in input_examples(SLOW._schema)]
    return in_turn(chosen, generated), in_turn(chosen_inputs, generated_inputs)


def in_turn(*kinds: list[list[Request]]) -> list[Request]:
    return [request for requests in chain.from_iterable(zip_longest(*kinds)) for request in requests or ()]


@contextmanager
def executor_with(fault: Fault | None, folder: Path) -> Iterator[Any]:
    """Yields the class of the executor from a copy of its package in the folder, with or without one fault."""
    package = "mutated_executor"
    assert fault is None or (SOURCE / f"{fault[0]}.py").exists(), f"no file {fault[0]}.py"
    (folder / package).mkdir(parents=True)
    for path in SOURCE.glob("*.py"):
        source = path.read_text().replace("from executor", f"from {package}")
        if fault and fault[0] == path.stem:
            _, before, after = fault
            assert source.count(before) == 1, f"{before} is not in {path.name} exactly once"
            source = source.replace(before, after)
        (folder / package / path.name).write_text(source)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(folder)
            yield importlib.import_module(package).FastExecutor
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == package]:
            del sys.modules[name]


def difference(mutant: Any, requests: Iterable[Request]) -> Request | None:
    """Returns the first request that has another answer than graphql-core's."""
    schema = schema_of(mutant)

    async def first_difference() -> Request | None:
        for request in requests:
            document, values, data, expected = request
            if await answer(schema, document, values, data) != expected:
                return request
        return None

    return asyncio.run(first_difference())


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # what a fault leaves behind is its own matter
def test_each_fault_is_found(corpus: Corpus, tmp_path: Path, subtests: pytest.Subtests) -> None:
    """Checks all faults in one test, as the corpus takes long to make and each process would make one."""
    revealing: list[Request] = []  # those that have found one fault often find the next
    for number, (name, fault) in enumerate(MUTANTS.items()):
        with subtests.test(name), executor_with(fault, tmp_path / str(number)) as mutant:
            kinds = reversed(corpus) if fault[0] in INPUT_MODULES else corpus
            found = difference(mutant, chain(reversed(revealing), *kinds))
            assert found
            revealing.append(found)
    with subtests.test("no fault"), executor_with(None, tmp_path / "none") as mutant:
        assert difference(mutant, chain(*corpus)) is None
