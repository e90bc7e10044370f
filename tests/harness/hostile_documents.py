"""Documents that are made to cost the server much, and what is said of each."""

from collections.abc import Callable
from typing import NamedTuple


class Hostile(NamedTuple):
    query: str
    measure: str | None
    """The limit that the document exceeds, or None if it is not valid for another reason."""


def _many(number: int, text: Callable[[int], str], join: str = " ") -> str:
    return join.join(text(n) for n in range(number))


def _doubling(levels: int, field: str) -> str:
    fragments = _many(levels, lambda n: f"fragment F{n} on Query {{ {field} ...F{n + 1} ...F{n + 1} }}")
    return f"{{ ...F0 }} {fragments} fragment F{levels} on Query {{ meetingCount }}"


def _spread(number: int, content: Callable[[int], str]) -> str:
    fragments = _many(number, lambda n: f"fragment F{n} on Query {{ {content(n)} }}")
    return f"{{ {_many(number, lambda n: f'...F{n}')} }} {fragments}"


NESTED = "agents { nodes { variants { agent { "
OVER_THE_LIMITS = {
    "doubling fragments, 60 levels": Hostile(_doubling(60, ""), "fields"),
    "doubling fragments with lists, 30 levels": Hostile(_doubling(30, "agents { nodes { id } }"), "fields"),
    "a circle of fragments": Hostile(
        _many(90, lambda n: f"fragment F{n} on Query {{ ...F{(n + 1) % 90} }}") + "{ ...F0 }", None
    ),
    "fragments that spread all": Hostile(
        _many(20, lambda n: f"fragment F{n} on Query {{ {_many(20, lambda m: f'...F{m}')} }}") + "{ ...F0 }", None
    ),
    "10,000 aliases": Hostile(f"{{ {_many(10_000, lambda n: f'a{n}: meetingCount')} }}", "length"),
    "220 aliases": Hostile(f"{{ {_many(220, lambda n: f'a{n}: meetingCount')} }}", "aliases"),
    "190 aliases": Hostile(f"{{ {_many(190, lambda n: f'a{n}: meetingCount')} }}", "cost"),
    "50,000 fields": Hostile(f"{{ {'meetingCount ' * 50_000} }}", "length"),
    "900 fields": Hostile(f"{{ {'meetingCount ' * 900} }}", "duplicates"),
    "the same list 60 times": Hostile(f"{{ {'agents { nodes { id } } ' * 60} }}", "duplicates"),
    "large arguments, 19 times": Hostile("{ " + ("nodes(ids: [" + '"x" ' * 40 + "]) { id } ") * 19 + "}", "duplicates"),
    "5,000 directives": Hostile(f"{{ meetingCount {'@skip(if: false) ' * 5_000} }}", "length"),
    "120 directives": Hostile(f"{{ meetingCount {'@skip(if: false) ' * 120} }}", "directives"),
    "2,000 fragments": Hostile(_spread(2_000, lambda n: "meetingCount"), "length"),
    "90 fragments": Hostile(_spread(90, lambda n: "meetingCount"), "duplicates"),
    "a fragment's name twice": Hostile(
        f"{{ ...F }} fragment F on Query {{ {'meetingCount ' * 400} }} fragment F on Query {{ meetingCount }}",
        "duplicates",
    ),
    "5,000 levels": Hostile("{ " + NESTED * 1_250 + "id" + " } } } }" * 1_250 + " }", "length"),
    "1,000 levels": Hostile("{" + "a{" * 1_000, "nesting"),
    "20 levels": Hostile("{ " + NESTED * 5 + "id" + " } } } }" * 5 + " }", "depth"),
    "levels by fragments": Hostile(
        "{ agents { nodes { ...F0 } } }"
        + _many(60, lambda n: f"fragment F{n} on Agent {{ variants {{ agent {{ ...F{n + 1} }} }} }}")
        + "fragment F60 on Agent { id }",
        "depth",
    ),
    "inline fragments, 180 levels": Hostile("{" + "... {" * 180 + _many(100, lambda n: "a") + "}" * 181, "duplicates"),
    "100,000 tokens of nothing": Hostile("{ " + "} " * 100_000, "length"),
    "commas": Hostile("{ meetingCount " + "," * 100_000 + " }", "length"),
    "20,000 comments": Hostile("#\n" * 20_000 + "{ meetingCount }", "comments"),
    "a text of 1 MB": Hostile('{ node(id: "' + "x" * 1_000_000 + '") { id } }', "length"),
    "a list of 50,000": Hostile("{ nodes(ids: [" + '"x" ' * 50_000 + "]) { id } }", "length"),
    "a list of 5,000": Hostile("{ nodes(ids: [" + '"x" ' * 5_000 + "]) { id } }", "tokens"),
    "lists, 1,000 levels": Hostile("{ nodes(ids: " + "[" * 1_000 + "]" * 1_000 + ") { id } }", "nesting"),
    "a number of 100,000 digits": Hostile(f"{{ agents(first: {'1' * 100_000}) {{ totalCount }} }}", "length"),
    "10,000 variables": Hostile(f"query ({_many(10_000, lambda n: f'$v{n}: Int')}) {{ meetingCount }}", "length"),
    "1,000 variables": Hostile(f"query ({_many(1_000, lambda n: f'$v{n}: Int')}) {{ meetingCount }}", "tokens"),
    "100 operations": Hostile(_many(100, lambda n: f"query q{n} {{ meetingCount }}"), "operations"),
    "rows of rows": Hostile("{ meetings(first: 100) { nodes { segments(first: 1000) { nodes { text } } } } }", "cost"),
    "transcripts": Hostile("{ meetings(first: 100) { nodes { transcript(format: VTT) } } }", "cost"),
    "searches": Hostile(
        f"""{{ {_many(30, lambda n: f'a{n}: searchSegments(query: "a") {{ totalCount }}')} }}""", "cost"
    ),
    "introspection 55 times": Hostile(
        f"{{ {_many(55, lambda n: f'a{n}: __schema {{ types {{ fields {{ args {{ name }} }} }} }}')} }}",
        "introspection",
    ),
}
"""By what they do."""
WITHIN_THE_LIMITS = {
    "900 unknown fields": "{ " + _many(900, lambda n: f"meetingCoun{n}") + " }",
    "75 unknown types": "{ " + _many(75, lambda n: f"... on T{n} {{ id }}") + " }",
    "140 unused fragments": "{ meetingCount } " + _many(140, lambda n: f"fragment F{n} on Query {{ a }}"),
    "bad enum values": "{ " + _many(50, lambda n: f"a{n}: agents(orderBy: {{ field: X{n} }}) {{ totalCount }}") + " }",
    "inline fragments, 190 levels": "{" + "... {" * 190 + "__typename" + "}" * 191,
    "a list of 950": "{ nodes(ids: [" + '"x" ' * 950 + "]) { id } }",
    "a text of 49 KB": '{ node(id: "' + "x" * 49_000 + '") { id } }',
    "a block of 49 KB": '{ node(id: """' + " x\n" * 16_000 + '""") { id } }',
    "escapes of 49 KB": '{ node(id: "' + "\\u0041" * 8_000 + '") { id } }',
    "75 fragments": _spread(75, lambda n: f"a{n}: __typename"),
    "the same list 24 times": "{ " + "agents(first: 1) { nodes { variants { id agent { id slug } } } } " * 24 + "}",
    "a chain of 75 fragments": _many(75, lambda n: f"fragment F{n} on Query {{ b{n}: __typename ...F{n + 1} }}")
    + "fragment F75 on Query { __typename } { ...F0 }",
    "variables by fragments": "fragment F on Query { nodes(ids: ["
    + "$a " * 250
    + "]) { id } }"
    + _many(30, lambda n: f"query q{n}($a: ID!) {{ ...F }}"),
}
"""Documents within the limits, valid or not, that cost the most to read; they look like real queries."""
