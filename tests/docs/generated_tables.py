"""Writes the tables of the docs that repeat what the code declares: `python -m tests.docs.generated_tables`.

A table stands between two comments, `<!-- begin NAME -->` and `<!-- end NAME -->`.
"""

import re
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

from schema.documents import limits
from server.cli.settings_reference import SettingReference, settings_reference
from tests.harness.markdown import ROOT


def settings() -> str:
    """Returns a table for each group of settings."""
    groups = groupby(settings_reference(), key=lambda setting: setting.group)
    return "\n".join(f"### {title}\n\n{_settings_table(group)}" for title, group in groups)


def document_limits() -> str:
    """Returns the limits of a document, by the `measure` that an error names."""
    length = limits.CHARS_PER_TOKEN * limits.Limits().max_tokens
    same_field = int((1 + (1 + 8 * limits.MAX_MERGES) ** 0.5) / 2)
    return _table(
        ("`measure`", "what is counted", "limit"),
        [
            ("`length`", "characters", f"{limits.CHARS_PER_TOKEN} for each token: {length:,}"),
            (
                "`tokens`",
                "names, numbers, texts, punctuation; not white space, commas and comments",
                f"`RAPPORTEUR_MAX_TOKENS`, {limits.Limits().max_tokens:,}",
            ),
            ("`comments`", "", f"{limits.MAX_COMMENTS:,}"),
            ("`operations`", "", f"{limits.MAX_OPERATIONS:,}"),
            ("`nesting`", "anything in braces, or lists in lists, in each other", f"{limits.MAX_NESTING:,}"),
            ("`depth`", "fields in each other", f"`RAPPORTEUR_MAX_DEPTH`, {limits.Limits().max_depth:,}"),
            ("`fields`", "", f"as for tokens: {limits.Limits().max_tokens:,}"),
            ("`aliases`", "", f"{limits.MAX_ALIASES:,}"),
            ("`directives`", "", f"{limits.MAX_DIRECTIVES:,}"),
            (
                "`duplicates`",
                "comparisons of each two fields at the same place of the answer under the same name, and of each two"
                " fragments at one place; more for long arguments",
                f"{limits.MAX_MERGES:,}: {same_field} times the same field",
            ),
        ],
    )


TABLES: dict[tuple[str, str], Callable[[], str]] = {
    ("docs/settings.md", "settings"): settings,
    ("docs/limits.md", "document limits"): document_limits,
}
"""What makes the tables, by the page and the name in the comments."""


def with_tables(page: str) -> str:
    """Returns the text of a page with its tables as the code says."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for (name, marker), write in TABLES.items():
        if name == page:
            between = re.compile(rf"(<!-- begin {marker} -->\n).*?(\n<!-- end {marker} -->)", re.DOTALL)
            text, found = between.subn(lambda match: f"{match[1]}\n{write()}{match[2]}", text)  # noqa: B023
            assert found == 1, f"{page} must have the comments for {marker} once"
    return text


def _settings_table(group: Iterable[SettingReference]) -> str:
    rows = []
    for setting in group:
        values = (
            setting.kind if "|" not in setting.kind else ", ".join(f"`{value}`" for value in setting.kind.split("|"))
        )
        rows.append(
            (
                f"`{setting.variable}`",
                ", ".join(f"`{flag}`" for flag in setting.flags),
                ", ".join(filter(None, (values, setting.range))),
                f"`{setting.default}`" if setting.default else "",
                setting.description,
            )
        )
    return _table(("variable", "option", "values", "default", "meaning"), rows)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "".join(f"| {' | '.join(cells)} |\n".replace("|  |", "| |") for cells in lines)


def main() -> None:
    """Rewrites the pages."""
    for page in {name for name, _ in TABLES}:
        Path(ROOT / page).write_text(with_tables(page), encoding="utf-8")


if __name__ == "__main__":
    main()
