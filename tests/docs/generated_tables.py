"""Writes the tables of the docs that repeat what the code declares: `python -m tests.docs.generated_tables`.

A table stands between two comments, `<!-- begin NAME -->` and `<!-- end NAME -->`.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from schema.documents import limits
from schema.schema import schema
from server.cli.settings_reference import SettingReference, settings_reference
from server.wire.graphql_files import operation
from tests.harness.markdown import ROOT

SAMPLE_VARIABLES = json.loads((ROOT / "server/graphiql/tour.json").read_text(encoding="utf-8"))
SHOWN_COSTS: list[tuple[str, str, dict[str, Any]]] = [
    ("Agents", "20 and 100 agents", {"first": 100}),
    ("AgentManifests", "20 and 100 agents", {"first": 100}),
    ("Meetings", "20 meetings with 5 segments, and 100 with 100", {"first": 100, "segments": 100}),
    ("Transcript", "10 and 1,000 segments", {"first": 1_000}),
    ("SearchSegments", "10 and 100 segments", {"first": 100}),
    ("SegmentUpdates", "100 and 1,000 segments", {"batchSize": 1_000}),
    ("UpsertSegments", "1 and 1,000 segments", {"segments": [{}] * 1_000}),
]
"""Operations, what their sizes are, and the variables that make them largest."""


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
                "names, numbers, texts and punctuation; not white space, commas and comments",
                f"`RAPPORTEUR_MAX_TOKENS`, {limits.Limits().max_tokens:,}",
            ),
            ("`comments`", "", f"{limits.MAX_COMMENTS:,}"),
            ("`operations`", "", f"{limits.MAX_OPERATIONS:,}"),
            ("`nesting`", "levels of anything in braces, or of lists in lists", f"{limits.MAX_NESTING:,}"),
            ("`depth`", "levels of fields", f"`RAPPORTEUR_MAX_DEPTH`, {limits.Limits().max_depth:,}"),
            ("`fields`", "", f"as for tokens: {limits.Limits().max_tokens:,}"),
            ("`aliases`", "", f"{limits.MAX_ALIASES:,}"),
            ("`directives`", "", f"{limits.MAX_DIRECTIVES:,}"),
            (
                "`duplicates`",
                "comparisons of two fields with the same name at the same place of the answer, and of two fragments at the"
                " same place; more for long arguments",
                f"{limits.MAX_MERGES:,}: {same_field} times the same field",
            ),
        ],
    )


def operation_costs() -> str:
    """Returns the cost of some operations, with the variables that GraphiQL starts with and at their largest."""
    return _table(
        ("operation", "as in GraphiQL", "at its largest"),
        [
            (f"`{name}`, {sizes}", f"{_cost(name, {}):,}", f"{_cost(name, largest):,}")
            for name, sizes, largest in SHOWN_COSTS
        ],
    )


def _cost(name: str, variables: Mapping[str, Any]) -> int:
    prepared = schema.documents.prepare(operation(name))
    given = {**SAMPLE_VARIABLES.get(name, {}), **variables}
    return schema.documents.cost(prepared.costs[name], given)


TABLES: dict[tuple[str, str], Callable[[], str]] = {
    ("docs/settings.md", "settings"): settings,
    ("docs/limits.md", "document limits"): document_limits,
    ("docs/limits.md", "operation costs"): operation_costs,
}
"""The functions that generate the tables, by the page and the name in the comments."""


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
