"""Prompts as templates: what is a variable, what is text, and that rendering puts in values and does nothing else."""

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import FieldProblem, InvalidInput
from domain.prompts import MAX_RENDERED_CHARS, MAX_VARIABLES, render, variables_of, warnings_of

STARTS = "abzAZ_ñЖ議"
NAMES = st.builds(str.__add__, st.sampled_from(STARTS), st.text(STARTS + "0٣", max_size=99))
SPACES = st.text(" \t\n\u3000", max_size=3)
PLACEHOLDERS = st.builds("{{{{{}{}{}}}}}".format, SPACES, NAMES, SPACES)
# What looks like a placeholder, or like something to other template languages, and is neither.
TEXTS = st.text("ab{}$\\%#.\n ", max_size=8) | st.sampled_from(
    [
        "{{#if a}}",
        "{{a.b}}",
        "{{ }}",
        "{{}}",
        "{{1a}}",
        '{{"a": {"b": 1}}}',
        "${a}",
        "$a",
        "%(a)s",
        "{a}",
        "{{a b}}",
        "{{a",
    ]
)
PROMPTS = st.lists(TEXTS | PLACEHOLDERS, max_size=8).map("".join)
VALUES = st.text(max_size=20).filter(lambda text: "\0" not in text) | st.sampled_from(
    ["{{a}}", "{{ other }}", "$a", "${a}", "\\1", "\\g<0>", "\\", "%s", "{0}", "{{", "}}"]
)

MARK = "\ue000"
"""Stands in no prompt here."""


def squeezed(prompt: str) -> str:
    """Without the white space inside the braces, told apart by another pattern than that of the templates."""
    return re.sub(r"\{\{\s*([^\W\d]\w*)\s*\}\}", r"{{\1}}", prompt)


def problems(caught: pytest.ExceptionInfo[InvalidInput]) -> set[tuple[str, str | None]]:
    return {(field.path, field.key) for field in caught.value.fields}


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        ("{{a}} {{ b }}{{a}} {{\n_c1\t}}", ["a", "b", "_c1"]),
        ("{{{a}}} {{{{b}}}}", ["a", "b"]),
        ("{{ñandú}} {{議事録}} {{имя_2}}", ["ñandú", "議事録", "имя_2"]),
        ("{{हिन्दी}} {{ไทยภาษา้}} {{தமிழ்}} {{שָׁלוֹם}}", ["हिन्दी", "ไทยภาษา้", "தமிழ்", unicodedata.normalize("NFC", "שָׁלוֹם")]),
        ("{{cafe\u0301}} {{café}}", ["café"]),
        ("{{\u0301a}} {{क्\u200dष}}", ["क्\u200dष"]),
        ("{{a}} {{A}}", ["a", "A"]),
        ("{{" + "x" * 100 + "}} {{" + "y" * 101 + "}}", ["x" * 100]),
        ("{{#if a}} {{/if}} {{a.b}} {{a|upper}} {{a()}} {{a b}} {{1}} {{-}} {{}} {{ }}", []),
        ('{"a": {"b": {{n}}}} {a} $a ${a} {{__class__}}', ["n", "__class__"]),
    ],
)
def test_what_is_a_variable(prompt: str, names: list[str]) -> None:
    assert variables_of(prompt) == names
    assert variables_of("", prompt, prompt) == names


@given(PROMPTS, PROMPTS)
def test_variables_that_stand_for_themselves_change_nothing(system: str, user: str) -> None:
    variables = {name: f"{{{{{name}}}}}" for name in variables_of(system, user)}
    rendered = render((system, user), variables)
    assert [squeezed(prompt) for prompt in rendered] == [squeezed(system), squeezed(user)]


@given(st.lists(st.tuples(TEXTS, NAMES), max_size=6), st.data())
def test_values_go_in_as_they_are(parts: list[tuple[str, str]], data: st.DataObject) -> None:
    prompt = "".join(f"{text}{MARK}{{{{{name}}}}}{MARK}" for text, name in parts)
    names = variables_of(prompt)
    variables = {name: data.draw(VALUES) for name in names}
    (rendered,) = render([prompt], variables)
    assert rendered == "".join(f"{text}{MARK}{variables[name]}{MARK}" for text, name in parts)


@given(PROMPTS, st.data())
def test_each_that_is_missing_or_unknown_is_named(prompt: str, data: st.DataObject) -> None:
    names = variables_of(prompt)
    missing = data.draw(st.sets(st.sampled_from(names))) if names else set[str]()
    unknown = data.draw(st.sets(st.text(max_size=100).filter(lambda name: name not in names), max_size=3))
    variables = dict.fromkeys({*names, *unknown} - missing, "value")
    if not missing and not unknown:
        render([prompt], variables)
        return
    with pytest.raises(InvalidInput) as caught:
        render([prompt], variables)
    assert problems(caught) == {("variables", name) for name in missing | unknown}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("", ""),
        ("  as it is\n", "  as it is\n"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-(2**53) + 1, "-9007199254740991"),
        (2**53 - 1, "9007199254740991"),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (1e-300, "1e-300"),
    ],
)
def test_numbers_and_booleans_are_written_as_in_json(value: Any, written: str) -> None:
    assert render(["<{{v}}>"], {"v": value}) == [f"<{written}>"]


@pytest.mark.parametrize(
    "value", [None, [], ["a"], {}, {"a": 1}, float("nan"), float("inf"), 2**53, 2**64, "a\ud800", "\0", "x" * 1_000_001]
)
def test_anything_else_is_no_value(value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        render(["{{v}} {{missing}}"], {"v": value, "unknown": value})
    assert problems(caught) == {("variables", "v"), ("variables", "missing"), ("variables", "unknown")}


@pytest.mark.parametrize("variables", ["text", 1, True, [], [{"v": 1}], 1.5])
def test_variables_are_an_object(variables: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        render(["text"], variables)
    assert caught.value.fields == (FieldProblem("variables", "must be a JSON object"),)


def test_names_are_compared_in_one_normal_form() -> None:
    assert render(["{{cafe\u0301}} {{café}}"], {"cafe\u0301": "x"}) == ["x x"]
    assert render(["{{cafe\u0301}} {{café}}"], {"café": "x"}) == ["x x"]
    with pytest.raises(InvalidInput) as caught:
        render(["{{café}}"], {"café": "x", "cafe\u0301": "y"})
    assert "given twice" in str(caught.value)


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        ("{{a}} {{ b }} {a} {{}} {{ }} plain", []),
        ("{{user-name}} {{a.b}} {{user-name}}", ["{{user-name}}", "{{a.b}}"]),
        ("{{#if a}}{{/if}}", ["{{#if a}}", "{{/if}}"]),
        ("{{1a}} {{a b}}", ["{{1a}}", "{{a b}}"]),
        ("{{" + "y" * 101 + "}}", ["{{" + "y" * 101 + "}}"]),
    ],
)
def test_what_only_looks_like_a_variable_is_said(prompt: str, texts: list[str]) -> None:
    assert [warning.partition(" is not a variable")[0] for warning in warnings_of(prompt, prompt)] == texts


def test_warnings_are_bounded() -> None:
    assert len(warnings_of("".join(f"{{{{a-{number}}}}}" for number in range(1_000)))) == 20


def test_none_are_as_good_as_an_empty_object() -> None:
    assert render(["text", "{{#if}}"], None) == render(["text", "{{#if}}"], {}) == ["text", "{{#if}}"]


def test_a_name_that_cannot_be_one_is_not_repeated() -> None:
    with pytest.raises(InvalidInput) as caught:
        render(["text"], {"x" * 1_000_000: 1})
    assert problems(caught) == {("variables", None)}
    assert len(str(caught.value)) < 200


def test_there_is_a_limit_to_the_number_of_variables() -> None:
    most = {f"v{number}": number for number in range(MAX_VARIABLES)}
    prompt = "".join(f"{{{{{name}}}}}" for name in most)
    assert render([prompt], most) == ["".join(map(str, most.values()))]
    for prompts, variables in (
        ([prompt], most | {"more": 1}),
        ([prompt, "{{more}}"], most),
        ([prompt, "{{more}}"], {}),
    ):
        with pytest.raises(InvalidInput) as caught:
            render(prompts, variables)
        assert problems(caught) == {("variables", None)}


def test_there_is_a_limit_to_the_length_of_what_is_rendered() -> None:
    value = "x" * (MAX_RENDERED_CHARS // 2)
    assert [len(prompt) for prompt in render(["{{v}}{{v}}", "{{v}}{{ v }}"], {"v": value})] == [MAX_RENDERED_CHARS] * 2
    with pytest.raises(InvalidInput) as caught:
        render(["{{v}}{{v}}!", "{{v}}"], {"v": value})
    assert problems(caught) == {("variables", None)}
    assert "1,000,001" in str(caught.value)


@pytest.mark.slow
def test_what_would_be_huge_is_not_built() -> None:
    prompt = "{{v}}" * 40_000
    with pytest.raises(InvalidInput, match="40,000,000,000"):
        render([prompt, prompt], {"v": "x" * MAX_RENDERED_CHARS})


@pytest.mark.parametrize(
    "prompt",
    [
        "{" * 200_000,
        "{{" + " " * 200_000,
        "{{ " * 66_000,
        "{{a " * 50_000,
        "{{" + "a" * 200_000,
        ("{{" + "a" * 100) * 2_000,
        ("{{a" + " " * 1_000) * 200,
    ],
)
def test_text_that_almost_is_a_variable_is_text(prompt: str) -> None:
    assert render([prompt], {}) == [prompt]


def test_many_variables_are_listed_in_their_order() -> None:
    names = [f"v{number:x}" for number in range(25_000)]
    assert variables_of("".join(f"{{{{{name}}}}}" for name in names)) == names
