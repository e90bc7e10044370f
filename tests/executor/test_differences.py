"""Checks that the fast executor gives the same answers as graphql-core: data, the order of keys, and errors."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings

from tests.harness.executor.comparison import Answer, SeenError, answer
from tests.harness.executor.documents import documents, variables
from tests.harness.executor.examples import FAST, SLOW, compare, examples
from tests.harness.executor.generated_values import sound, things
from tests.harness.executor.inputs import inputs
from tests.harness.executor.sources import Thing

pytestmark = pytest.mark.slow


async def test_examples() -> None:
    """Checks the examples of documents; `test_mutants.py` asks those of inputs of an executor without a fault."""
    for document, given_variables, data in examples():
        await compare(document, given_variables, data)


async def test_a_cancelled_field_may_have_reported_an_error() -> None:
    """Checks that answers match where one executor has an error more, below a null that another error has caused."""
    data = sound("node", "dog", "node")
    data[0].related.update(boss=0, pet=None, children=[0])
    data[2].related["boss"] = 1  # a dog, where there must be a node
    document = (
        '{ nodes { laterBoss { name } } first { companion { name } allChildren { chosen(of: "c", index: 3) { id } } } }'
    )
    fast, slow = await answer(FAST, document, {}, data), await answer(SLOW, document, {}, data)
    assert [error.path for error in fast.errors] == [("nodes", 1, "laterBoss")]
    assert {error.path for error in slow.errors} > {error.path for error in fast.errors}
    assert fast.matches(slow)


def test_other_errors_do_not_match() -> None:
    at_a, at_b = (SeenError(name, (name,), (), (name,)) for name in "ab")
    below, beside = (SeenError(name, ("a", name), (), ("a",)) for name in ("below", "beside"))
    for errors, others in (([at_a], []), ([at_a], [at_b]), ([at_a], [at_a, at_b]), ([below], [beside]), ([below], [])):
        assert not Answer("data", errors).matches(Answer("data", others))
        assert not Answer("data", others).matches(Answer("data", errors))
    assert Answer("data", [below]).matches(Answer("data", [below, beside]))
    assert not Answer("data", [below]).matches(Answer("other data", [below, beside]))


# Some of the siblings that a failure cancels may never have been awaited.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=200, deadline=None)
@given(documents(SLOW._schema), variables, things())
async def test_queries(document: str, given_variables: dict[str, Any], data: list[Thing]) -> None:
    note(document)
    await compare(document, given_variables, data)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=60, deadline=None)
@given(documents(SLOW._schema, "mutation"), variables, things())
async def test_mutations(document: str, given_variables: dict[str, Any], data: list[Thing]) -> None:
    note(document)
    await compare(document, given_variables, data)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(inputs(SLOW._schema))
async def test_inputs(asked: tuple[str, dict[str, Any]]) -> None:
    note(repr(asked))
    await compare(*asked, sound("node"))
