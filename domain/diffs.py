"""What differs between two configurations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from domain.configs import CONFIG_FIELDS, AgentConfig

PROMPTS = ("system_prompt", "user_prompt_template")
MAX_LINES = 2_000
"""Of both texts together. Comparing can take time that grows with the cube of them: above this, the one replaces the other."""


@dataclass(frozen=True, slots=True)
class ConfigFieldDiff:
    """A field with the values that it has in the two. `text_diff` is there for prompts."""

    field: str
    a: Any
    b: Any
    text_diff: str | None


@dataclass(frozen=True, slots=True)
class ConfigDiff:
    """The two configurations, and the fields in which they differ."""

    a: AgentConfig
    b: AgentConfig

    @property
    def fields(self) -> list[ConfigFieldDiff]:
        pairs = ((name, getattr(self.a, name), getattr(self.b, name)) for name in CONFIG_FIELDS)
        return [
            ConfigFieldDiff(name, a, b, text_diff(a, b) if name in PROMPTS else None) for name, a, b in pairs if a != b
        ]


def text_diff(a: str, b: str) -> str:
    """From a to b in the unified format of `diff -u`, with three lines around each change; empty if they are equal."""
    before, after = _lines(a), _lines(b)
    diff = unified_diff(before, after, "a", "b") if len(before) + len(after) <= MAX_LINES else _replaced(before, after)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in diff)


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
