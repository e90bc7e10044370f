"""The fast executor gives what graphql-core gives, whatever is asked of whatever data: keys in their order, and errors."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings

from tests.harness.executor.documents import documents, variables
from tests.harness.executor.examples import SLOW, compare, examples
from tests.harness.executor.inputs import input_examples, inputs
from tests.harness.executor.sources import Thing
from tests.harness.executor.things import sound, things


async def test_examples() -> None:
    for document, given_variables, data in examples():
        await compare(document, given_variables, data)
    for document, given_variables in input_examples(SLOW._schema):
        await compare(document, given_variables, sound("node"))


# Of siblings that a failure cancels, some may never have been awaited.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=400, deadline=None)
@given(documents(SLOW._schema), variables, things())
async def test_queries(document: str, given_variables: dict[str, Any], data: list[Thing]) -> None:
    note(document)
    await compare(document, given_variables, data)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=100, deadline=None)
@given(documents(SLOW._schema, "mutation"), variables, things())
async def test_mutations(document: str, given_variables: dict[str, Any], data: list[Thing]) -> None:
    note(document)
    await compare(document, given_variables, data)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(inputs(SLOW._schema))
async def test_inputs(asked: tuple[str, dict[str, Any]]) -> None:
    note(repr(asked))
    await compare(*asked, sound("node"))
