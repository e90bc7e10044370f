"""Shows what `rapporteur agents push` would change, or has changed."""

from typing import Any

from rich.console import Console
from rich.text import Text

from domain.configs import CONFIG_FIELDS
from domain.diffs import text_diff
from server.cli.output import json_line
from server.client.agent_files import camel_case
from server.printable import printable

stdout = Console(highlight=False, soft_wrap=True)


_FIELD_ORDER = ["slug", "name", "description", *map(camel_case, CONFIG_FIELDS)]
"""The order in which fields are shown, which is that of the files."""
_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def changed_name(change: Any) -> str:
    """Returns the name of what a change is of: `agent`, or `agent/variant`."""
    return "/".join(filter(None, (change["agentSlug"], change["variantSlug"])))


def show_change(change: Any) -> None:
    """Prints one change: the entity, and each field with both values; texts of several lines as a diff.

    `change` is a change as the mutation `applyAgents` gives it.
    """
    kind = change["event"]["kind"]
    stdout.print(Text(printable(f"{changed_name(change)}: {kind.replace('_', ' ').lower()}"), style="bold"))
    for field in sorted(change["event"]["changes"], key=_position):
        before, after = field["before"], field["after"]
        if field["field"] == "activeVariantId":
            continue  # its values are ids; the slugs are shown below
        if "\n" in f"{before}{after}" and isinstance(before or "", str):
            _show_diff(field["field"], before or "", after or "")
        else:
            _show_values(field["field"], _value(before), _value(after))
    if kind in ("ACTIVATED", "DEACTIVATED"):
        active = change["variantSlug"] if kind == "ACTIVATED" else None
        _show_values("active", change["activeBefore"] or "the base", active or "the base")


def _show_diff(field: str, before: str, after: str) -> None:
    stdout.print(Text(printable(f"  {field}:")))
    for line in text_diff(before, after).removesuffix("\n").split("\n")[2:]:
        stdout.print(Text(f"    {printable(line)}", style=_DIFF_STYLES.get(line[:1], "")))


def _show_values(field: str, before: str, after: str) -> None:
    line = Text(printable(f"  {field}: "))
    stdout.print(line.append(printable(before), "red").append(" → ").append(printable(after), "green"))


def _position(field: Any) -> int:
    return _FIELD_ORDER.index(field["field"]) if field["field"] in _FIELD_ORDER else len(_FIELD_ORDER)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return json_line(value)
    return "none" if value is None else repr(value) if isinstance(value, str) else str(value)
