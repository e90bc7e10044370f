"""Prompts as templates: `{{name}}` stands for the value of a variable.

White space inside the braces is allowed. A name is a letter or an underscore, followed by letters, digits and underscores of
any script, with their combining marks; names are compared in Unicode's normal form C (UAX #15). Anything else in double
braces (`{{#if}}`, `{{a.b}}`, JSON) is ordinary text, which `warnings_of` points out. A template has no expressions, no
attributes and no escapes, and a value is not read as a template again.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

import orjson

from domain.rules import MAX_SAFE_INTEGER, StorableText, Violation
from domain.validation import Problems

MAX_VARIABLES = 1_000
"""The most variables that one rendering can have."""
MAX_VARIABLE_NAME_CHARS = 100
MAX_RENDERED_CHARS = 1_000_000
"""The length limit of one rendered prompt."""
MAX_WARNINGS = 20
"""The most warnings that are given for one configuration."""

_text = StorableText(MAX_RENDERED_CHARS)

# The repeats are possessive and bounded, so that every text takes linear time.
_PLACEHOLDER = re.compile(r"\{\{\s*+([^\s{}]{1,400}+)\s*+\}\}")
_LOOKS_LIKE_A_PLACEHOLDER = re.compile(r"\{\{([^{}\n]{1,400}+)\}\}")
_PLAIN_NAME = re.compile(r"[^\W\d]\w*")
_JOINERS = "\u200c\u200d"
"""ZERO WIDTH NON-JOINER and JOINER, which words of Persian and of many Indic scripts contain (UAX #31, 2.3)."""


def _variable_name(text: str) -> str | None:
    """Returns the name of the variable in normal form C, or None if the text is no name."""
    if not _PLAIN_NAME.fullmatch(text):
        # `\w` has no combining marks, without which many words of Hindi, Tamil, Thai or pointed Hebrew cannot be written.
        letters = "".join(char for char in text if unicodedata.category(char)[0] != "M" and char not in _JOINERS)
        if letters[:1] != text[:1] or not _PLAIN_NAME.fullmatch(letters):
            return None
    name = unicodedata.normalize("NFC", text)
    return name if len(name) <= MAX_VARIABLE_NAME_CHARS else None


def _placeholders(prompt: str) -> Iterator[tuple[re.Match[str], str]]:
    """Yields each placeholder of a variable in order, with the variable's name."""
    for match in _PLACEHOLDER.finditer(prompt):
        if name := _variable_name(match[1]):
            yield match, name


def variables_of(*prompts: str) -> list[str]:
    """Returns the variables of all these prompts, each once, in the order in which they first appear."""
    return list(dict.fromkeys(name for prompt in prompts for _, name in _placeholders(prompt)))


def warnings_of(*prompts: str) -> list[str]:
    """Returns a sentence for each text in double braces that looks like a variable and is none, each once."""
    found = (match for prompt in prompts for match in _LOOKS_LIKE_A_PLACEHOLDER.finditer(prompt))
    texts = dict.fromkeys(match[0] for match in found if match[1].strip() and not _variable_name(match[1].strip()))
    return [
        f"{text} is not a variable, and stays as it is: a name has only letters, digits and underscores, at most"
        f" {MAX_VARIABLE_NAME_CHARS}, and does not begin with a digit"
        for text, _ in zip(texts, range(MAX_WARNINGS), strict=False)
    ]


def render(prompts: Iterable[str], variables: object) -> list[str]:
    """Returns the prompts with the values of their variables.

    `variables` is a JSON object with exactly the variables of the prompts, or None if they have none. Texts are inserted as
    they are, numbers and booleans as JSON writes them. Raises InvalidInput with every problem.
    """
    problems = Problems()
    given = problems.check(_variables, {} if variables is None else variables, "variables")
    problems.raise_if_any()
    templates = list(prompts)
    needed = variables_of(*templates)
    if len(needed) > MAX_VARIABLES:
        problems.add("variables", f"cannot be given: the prompts have {len(needed):,}, more than {MAX_VARIABLES:,}")
        problems.raise_if_any()
    values = _values(given, set(needed), problems)
    for name in needed:
        if name not in values:
            problems.add("variables", "is missing: the prompts have it", key=name)
    problems.raise_if_any()
    for template in templates:
        length = _rendered_length(template, values)
        if length > MAX_RENDERED_CHARS:
            message = f"must make prompts of at most {MAX_RENDERED_CHARS:,} characters, make one of {length:,}"
            problems.add("variables", message)
    problems.raise_if_any()
    return [_PLACEHOLDER.sub(lambda match: _replaced(match, values), template) for template in templates]


def _replaced(match: re.Match[str], values: Mapping[str, str]) -> str:
    name = _variable_name(match[1])
    return match[0] if name is None else values[name]


def _rendered_length(prompt: str, values: Mapping[str, str]) -> int:
    """Returns the number of characters of the prompt with its values."""
    return len(prompt) + sum(len(values[name]) - len(match[0]) for match, name in _placeholders(prompt))


def _values(given: Mapping[str, object], known: set[str], problems: Problems) -> dict[str, str]:
    """Returns the texts to insert by the names of the variables, and adds a problem for each value or name that is wrong."""
    values: dict[str, str] = {}
    for written, value in given.items():
        if len(written) > 4 * MAX_VARIABLE_NAME_CHARS:
            message = f"must have names of at most {MAX_VARIABLE_NAME_CHARS} characters, has one of {len(written):,}"
            problems.add("variables", message)
            continue
        name = unicodedata.normalize("NFC", written)
        if name not in known:
            problems.add("variables", "is unknown: the prompts do not have it", key=written)
        elif name in values:
            problems.add("variables", "is given twice, in two forms of Unicode", key=written)
        else:
            values[name] = problems.check(_inserted, value, "variables", key=written)
    return values


def _variables(value: object) -> dict[str, object]:
    """Accepts a JSON object of a bounded number of variables."""
    if not isinstance(value, dict):
        raise Violation("must be a JSON object")
    if len(value) > MAX_VARIABLES:
        raise Violation(f"must be at most {MAX_VARIABLES:,}, are {len(value):,}")
    return value


def _inserted(value: object) -> str:
    """Accepts the value of a variable, and returns the text that is inserted for it."""
    if isinstance(value, str):
        return _text(value)
    if not isinstance(value, bool | int | float):
        raise Violation("must be a text, a number or a boolean")
    if isinstance(value, float) and not math.isfinite(value):
        raise Violation("must be a finite number")
    if not isinstance(value, bool) and abs(value) > MAX_SAFE_INTEGER:
        raise Violation(
            f"must not be a number beyond {MAX_SAFE_INTEGER:,}, which not every client can read: give it as a text"
        )
    return orjson.dumps(value).decode()
