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
from tests.harness.executor.faults import MUTANTS, Fault
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
