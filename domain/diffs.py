"""The differences between two configurations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff

import orjson

from domain.configs import CONFIG_FIELDS, AgentConfig
from domain.ids import AgentId, VariantId
from domain.optimistic_locking import Version
from domain.parameters import Parameters

PROMPTS = ("system_prompt", "user_prompt_template")
MAX_DIFF_STEPS = 8_000_000
"""The most steps that comparing two texts can take. Two texts of 2,800 different lines take so many, a fraction of a second."""


@dataclass(frozen=True, slots=True)
class BaseRevisionRef:
    """Refers to an agent's base configuration at a version of the agent."""

    agent_id: AgentId
    version: Version


@dataclass(frozen=True, slots=True)
class VariantRevisionRef:
    """Refers to a variant at one of its versions."""

    variant_id: VariantId
    version: Version


@dataclass(frozen=True, slots=True)
class ConfigRef:
    """Refers to a configuration: exactly one of the fields is not None."""

    base: AgentId | None = None
    variant: VariantId | None = None
    resolved: AgentId | None = None
    base_revision: BaseRevisionRef | None = None
    variant_revision: VariantRevisionRef | None = None


@dataclass(frozen=True, slots=True)
class ConfigFieldDiff:
    """A field that has different values in the two configurations."""

    field: str
    a: str | float | Parameters
    b: str | float | Parameters

    @property
    def text_diff(self) -> str | None:
        """Returns the unified diff of the values of a prompt, or None for another field. It may take a tenth of a second.

        Parameters are compared as JSON, with a line for each value and sorted keys.
        """
        if self.field == "parameters":
            return text_diff(_indented(self.a), _indented(self.b))
        return text_diff(str(self.a), str(self.b)) if self.field in PROMPTS else None


@dataclass(frozen=True, slots=True)
class ConfigDiff:
    """Two configurations, and the fields in which they differ."""

    a: AgentConfig
    b: AgentConfig

    @property
    def fields(self) -> list[ConfigFieldDiff]:
        pairs = ((name, getattr(self.a, name), getattr(self.b, name)) for name in CONFIG_FIELDS)
        return [ConfigFieldDiff(name, a, b) for name, a, b in pairs if a != b]


def _indented(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE).decode()


def text_diff(a: str, b: str) -> str:
    """Returns the differences in the unified format of `diff -u`, with three lines around each change.

    The result is empty if the texts are equal. If finding the changes would take too long, the whole text is replaced.
    """
    before, after = _lines(a), _lines(b)
    is_cheap = _steps(before, after) <= MAX_DIFF_STEPS
    diff = unified_diff(before, after, "a", "b") if is_cheap else _replacement(before, after)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in diff)


def _steps(before: Sequence[str], after: Sequence[str]) -> int:
    """Returns an upper bound of the steps of `difflib`.

    Each of its searches visits the pairs of equal lines, and there may be one search for each line.
    """
    matcher = SequenceMatcher(None, before, after)
    pairs = sum(len(matcher.b2j.get(line, ())) for line in before)  # type: ignore[attr-defined, misc]
    return max(pairs, len(before)) * min(len(before), len(after))


def _lines(text: str) -> list[str]:
    """Returns the lines with their ends. Only the line feed ends a line, as for `patch`."""
    *ended, last = text.split("\n")
    return [f"{line}\n" for line in ended] + ([last] if last else [])


def _replacement(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    yield from ("--- a\n", "+++ b\n", f"@@ -{_span(before)} +{_span(after)} @@\n")
    yield from (f"-{line}" for line in before)
    yield from (f"+{line}" for line in after)


def _span(lines: Sequence[str]) -> str:
    return f"{1 if lines else 0},{len(lines)}"
