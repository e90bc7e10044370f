"""Prompts as templates: `{{name}}` stands for the value of a variable.

White space inside the braces is allowed. A name is a letter or an underscore, followed by letters, digits and underscores of
any script. Anything else in double braces (`{{#if}}`, `{{a.b}}`, JSON) is ordinary text. A template has no expressions, no
attributes and no escapes, and a value is not read as a template again.
"""

import math
import re
from collections.abc import Iterable, Mapping
from string import Template
from typing import Any, ClassVar

import orjson

from domain.rules import StorableText, Violation
from domain.validation import Problems

MAX_VARIABLES = 1_000
"""The most variables that one rendering can have."""
MAX_VARIABLE_NAME_CHARS = 100
MAX_RENDERED_CHARS = 1_000_000
"""The length limit of one rendered prompt."""

_text = StorableText(MAX_RENDERED_CHARS)


class Prompt(Template):
    """The standard library's template with double braces.

    The repeats in its pattern are possessive, so that every text takes linear time.
    """

    flags = re.RegexFlag(0)
    pattern: ClassVar[Any] = rf"""
        \{{\{{ \s*+ (?P<named> [^\W\d] \w{{0,{MAX_VARIABLE_NAME_CHARS - 1}}}+ ) \s*+ \}}\}}
        | (?P<escaped> (?!)) | (?P<braced> (?!)) | (?P<invalid> (?!))
    """

    def get_identifiers(self) -> list[str]:
        """Returns the names, each once, in the order in which they first appear.

        The inherited method takes quadratic time.
        """
        return list(dict.fromkeys(match["named"] for match in self.pattern.finditer(self.template)))

    def rendered_length(self, values: Mapping[str, str]) -> int:
        """Returns the number of characters that `substitute` would return."""
        variables = self.pattern.finditer(self.template)
        return len(self.template) + sum(len(values[match["named"]]) - len(match[0]) for match in variables)


def variables_of(*prompts: str) -> list[str]:
    """Returns the variables of all these prompts, each once, in the order in which they first appear."""
    return list(dict.fromkeys(name for prompt in prompts for name in Prompt(prompt).get_identifiers()))


def render(prompts: Iterable[str], variables: object) -> list[str]:
    """Returns the prompts with the values of their variables.

    `variables` is a JSON object with exactly the variables of the prompts, or None if they have none. Texts are inserted as
    they are, numbers and booleans as JSON writes them. Raises InvalidInput with every problem.
    """
    problems = Problems()
    given = problems.check(_variables, {} if variables is None else variables, "variables")
    problems.raise_if_any()
    templates = [Prompt(prompt) for prompt in prompts]
    needed = variables_of(*(template.template for template in templates))
    if len(needed) > MAX_VARIABLES:
        problems.add("variables", f"cannot be given: the prompts have {len(needed):,}, more than {MAX_VARIABLES:,}")
        problems.raise_if_any()
    for name in needed:
        if name not in given:
            problems.add("variables", "is missing: the prompts have it", key=name)
    known, values = set(needed), dict[str, str]()
    for name, value in given.items():
        if len(name) > MAX_VARIABLE_NAME_CHARS:
            message = f"must have names of at most {MAX_VARIABLE_NAME_CHARS} characters, has one of {len(name):,}"
            problems.add("variables", message)
        elif name not in known:
            problems.add("variables", "is unknown: the prompts do not have it", key=name)
        else:
            values[name] = problems.check(_inserted, value, "variables", key=name)
    problems.raise_if_any()
    for template in templates:
        length = template.rendered_length(values)
        if length > MAX_RENDERED_CHARS:
            message = f"must make prompts of at most {MAX_RENDERED_CHARS:,} characters, make one of {length:,}"
            problems.add("variables", message)
    problems.raise_if_any()
    return [template.substitute(values) for template in templates]


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
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise Violation("must not be a whole number beyond 64 bits: give it as a text")
    return orjson.dumps(value).decode()
