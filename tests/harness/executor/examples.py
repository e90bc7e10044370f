"""Holds the documents on which both executors are compared, and the comparison."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from strawberry import Schema
from strawberry.utils.str_converters import to_camel_case

from executor import FastExecutor
from tests.harness.executor.comparison import Answer, answer
from tests.harness.executor.generated_values import SOUND, WRONG, WRONG_IN_COLUMNS, WRONG_KEYS, sample, sound
from tests.harness.executor.object_tables import (
    COLUMNS,
    SWAPPED_COLUMNS,
    FailedSample,
    FinerSample,
    NoSample,
    Rows,
    Table,
)
from tests.harness.executor.schema import parsed, schema_of
from tests.harness.executor.sources import Thing

SLOW, FAST = schema_of(), schema_of(FastExecutor)
ALL = """
    id name number maybeId flag ratio maybeRatio colour maybeShade at even json tags maybeTags grid loud square
    spec { size label } maybeSpec { label } specs { label size }
"""
BELOW = (
    "friend { name } boss { name } children { name } pet { __typename ...on Dog { name } } pets { ...on Cat { name } }"
)
DOCUMENTS = {
    "leaves": f"{{ nodes {{ {ALL} }} first {{ {ALL} }} all {{ {ALL} }} node {{ {ALL} }} }}",
    "relations": f"{{ nodes {{ {BELOW} boss {{ {BELOW} boss {{ name }} }} }} }}",
    "one load after another": "{ first { laterBoss { laterBoss { laterBoss { name } } } } }",
    "arguments": """query ($at: Int! = 1) {
        node(at: $at) { number square(times: $at) a: square(times: 2) later(plus: 1) b: later(plus: null) }
        nodes { chosen(of: "c", index: $at) { number } a: chosen(of: "d") { number } later(plus: 0.5) }
    }""",
    "bad arguments": '{ nodes { later(plus: -1) chosen(of: "c", index: 3) { number } } first { name later(plus: -2) } }',
    "what is merged": """{
        nodes { where where spec { size } ...A ...on Named { name } boss { name } }
    } fragment A on Node { where spec { label size } boss { number where where } }""",
    "abstract types": """{
        named { __typename name ...on Node { id boss { id } } ...on Dog { flag owner { name } } ...on Cat { colour } }
        pets { __typename ...on Dog { owner { id } } ...on Cat { name colour } }
        rows { name ...on Node { companion { __typename name } named { name number } } }
    }""",
    "what is conditional": """query ($yes: Boolean!, $either: Boolean!) {
        nodes { name @skip(if: $either) number @include(if: $either) ...@include(if: $yes) { flag boss { id } } }
        first { ...on Node @skip(if: $either) { boss @include(if: $yes) { name } } }
    }""",
    "introspection": '{ __schema { queryType { name } } __type(name: "Node") { fields { name } } nodes { __typename } }',
    "columns": """{
        nodes { samples { count share final name nick key at even colour voice { pitch name room { name } } } }
        all { samples { name again: name __typename voice { __typename again: name room { a: name } } nick @skip(if: true) } }
    }""",
    "no columns": """{
        nodes { samples { nick @skip(if: true) } }
        all { samples { name voice { pitch @include(if: false) } } }
        first { samples { voice { __typename } } }
    }""",
    "more than columns": """{
        nodes { samples { count listener { __typename } } }
        all { samples { name listener { pitch @skip(if: true) } } }
        first { samples { name twice voice { name room { name } } } }
    }""",
    "what is later than it seems": "{ nodes { hiddenLater laterBoss { laterBoss { name } } } first { hiddenLater } }",
}
LONG_LIST = 25
VARIABLES = {"yes": True, "no": False, "either": True, "at": 1}
Example = tuple[str, dict[str, Any], list[Thing]]


def examples() -> Iterator[Example]:
    """Yields each document with sound data, and each wrong value in place of each right one with a document that selects it."""
    for document in DOCUMENTS.values():
        for kinds in (["node"], ["node"] * 3, ["node", "dog", "node", "cat"]):
            variables = _declared(document)
            yield document, variables, sound(*kinds)
            if "either" in variables:
                yield document, variables | {"either": False}, sound(*kinds)
    for wrong in (0, LONG_LIST - 1):  # graphql-core completes long lists of the server little by little
        data = sound(*["node"] * LONG_LIST)
        data[wrong].related["boss"] = 1_000
        yield "{ nodes { name boss { name children { name } } later(plus: 1) } first { name } }", {}, data
    told = Table([sample(n) for n in range(5)])
    for others in (
        Rows(replace(told, is_proved=False), 1, 2),
        *[Rows(replace(told, columns=columns), 1, 2) for columns in (SWAPPED_COLUMNS, COLUMNS[1:], (*COLUMNS, "name"))],
        *[Rows(replace(told, object_class=cls), 1, 2) for cls in (FinerSample, FailedSample, NoSample)],
        Rows(Table([]), 0, 0),
        Rows(told, 1, 3),
        [*Rows(told, 1, 2)],
        Rows(told, 1, 2).unread(),
        Rows(replace(told, columns=COLUMNS[:-1]), 1, 2).unread(),
        Rows(replace(told, columns=tuple(column for column in COLUMNS if column != "voice.name")), 1, 2).unread(),
        None,
    ):
        for document in [DOCUMENTS[name] for name in ("columns", "more than columns")]:
            for given in ([Rows(told, 0, 3), others], [others, Rows(told, 0, 3)], [others]):
                data = sound(*["node"] * len(given))
                for thing, samples in zip(data, given, strict=True):
                    thing.leaves["samples"] = samples
                yield document, {}, data
    data = sound("node", "node")
    data[0].leaves["tags"], data[1].leaves["tags"] = Rows(told, 0, 0), "a"
    yield "{ nodes { tags } }", {}, data
    for count in ("wrong", 1):  # the first one ends before the voice is planned
        data = sound("node")
        data[0].leaves["samples"] = Rows(Table([(count, *sample(1)[1:])], is_proved=False), 0, 1)
        yield "{ nodes { samples { count voice { name } } } }", {}, data
    for name in COLUMNS:
        selected = name.replace(".", " { ") + " }" * name.count(".")
        document = f"{{ nodes {{ samples {{ {selected} }} }} }}"
        for wrong in WRONG_IN_COLUMNS:
            for right, other in ((1, told), (0, told), (0, None)):
                rows = [dict(zip(COLUMNS, sample(n), strict=True)) for n in range(3)]
                for row in rows[right:]:
                    row[name] = wrong
                data, table = sound("node", "node"), Table([tuple(row.values()) for row in rows])
                data[0].leaves["samples"] = Rows(other or table, 0, 1)
                data[1].leaves["samples"] = Rows(table, 1, 2)
                yield document, {}, data
    for wrong in WRONG_KEYS:
        for name in ("friend", "boss", "pet", "children", "pets"):
            data = sound("node", "node", "dog")
            data[1].related[name] = wrong
            yield f"{{ nodes {{ {BELOW} allChildren {{ id }} }} first {{ {BELOW} companion {{ name }} }} }}", {}, data
    for name in SOUND:
        field = to_camel_case(name)
        below = "{ size label }" if name in ("spec", "maybe_spec", "specs") else ""
        document = f"{{ nodes {{ {field} {below} }} all {{ {field} {below} }} }}"
        for wrong in WRONG:
            for right in (1, 0):
                data = sound("node", "node")
                for thing in data[right:]:
                    thing.leaves[name] = wrong
                yield document, {}, data


def _declared(document: str) -> dict[str, Any]:
    return {name: value for name, value in VARIABLES.items() if f"${name}:" in document}


async def compare(document: str, given_variables: dict[str, Any], data: list[Thing], fast: Schema = FAST) -> None:
    """Checks that both executors give the same answers.

    The fast executor executes the document with the variables, with others where it depends on any of them, and with the
    first ones again, as a plan that is kept must be of its own variables only.
    """
    parsed(document)
    others = {name: not value if name == "either" else value for name, value in given_variables.items()}
    expected = await answer(SLOW, document, given_variables, data)
    require_match(await answer(fast, document, given_variables, data), expected)
    if others != given_variables and "$either" in document:
        require_match(await answer(fast, document, others, data), await answer(SLOW, document, others, data))
    require_match(await answer(fast, document, given_variables, data), expected)


def require_match(actual: Answer, expected: Answer) -> None:
    assert actual == expected or actual.matches(expected)
