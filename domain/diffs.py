"""What differs between two configurations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff
from typing import Any

from domain.configs import CONFIG_FIELDS, AgentConfig

PROMPTS = ("system_prompt", "user_prompt_template")
MAX_DIFF_STEPS = 8_000_000
"""Steps that comparing two texts may take, a fraction of a second; texts of 2,800 lines, each another, take so many."""


@dataclass(frozen=True, slots=True)
class ConfigFieldDiff:
    """A field with the values that it has in the two."""

    field: str
    a: Any
    b: Any

    @property
    def text_diff(self) -> str | None:
        """The way from a to b, for prompts. May take a tenth of a second."""
        return text_diff(self.a, self.b) if self.field in PROMPTS else None


@dataclass(frozen=True, slots=True)
class ConfigDiff:
    """The two configurations, and the fields in which they differ."""

    a: AgentConfig
    b: AgentConfig

    @property
    def fields(self) -> list[ConfigFieldDiff]:
        pairs = ((name, getattr(self.a, name), getattr(self.b, name)) for name in CONFIG_FIELDS)
        return [ConfigFieldDiff(name, a, b) for name, a, b in pairs if a != b]


def text_diff(a: str, b: str) -> str:
    """From a to b in the unified format of `diff -u`, with three lines around each change; empty if they are equal.

    Where finding the changes would take too long, the one is shown as replaced by the other.
    """
    before, after = _lines(a), _lines(b)
    diff = unified_diff(before, after, "a", "b") if _work(before, after) <= MAX_DIFF_STEPS else _replaced(before, after)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in diff)


def _work(before: Sequence[str], after: Sequence[str]) -> int:
    """A bound of the steps of `difflib`: each of its searches visits the pairs of equal lines, and there may be one a line."""
    matcher = SequenceMatcher(None, before, after)
    pairs = sum(len(matcher.b2j.get(line, ())) for line in before)  # type: ignore[attr-defined, misc]
    return max(pairs, len(before)) * min(len(before), len(after))


def _lines(text: str) -> list[str]:
    """Lines with their ends: the line feed alone, as for `patch`."""
    *ended, last = text.split("\n")
    return [f"{line}\n" for line in ended] + ([last] if last else [])


def _replaced(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    yield from ("--- a\n", "+++ b\n", f"@@ -{_span(before)} +{_span(after)} @@\n")
    yield from (f"-{line}" for line in before)
    yield from (f"+{line}" for line in after)


def _span(lines: Sequence[str]) -> str:
    return f"{1 if lines else 0},{len(lines)}"
