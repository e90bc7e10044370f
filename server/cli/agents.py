"""Commands that keep a running server's agents as files."""

import sys
import unicodedata
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from strawberry.utils.str_converters import to_camel_case

from domain.configs import CONFIG_FIELDS
from domain.diffs import text_diff
from domain.manifests import MAX_ENTITIES
from server.cli.options import DEFAULT_URL, Key, Url, errors, fail
from server.client.agent_files import MANIFEST_SUFFIX, NotAManifest, files, in_files, misnamed, pull, read_manifest
from server.client.api_client import ApiClient, ApiError

app = typer.Typer(no_args_is_help=True, help="Keep agents as YAML files, in a git repository for instance.")
output = Console(highlight=False, soft_wrap=True)

_ORDER = ["slug", "name", "description", *map(to_camel_case, CONFIG_FIELDS)]
"""In which fields are shown: that of the files."""

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="One file for each agent: SLUG.yaml")]


@app.command("pull")
def pull_agents(directory: Directory, url: Url = DEFAULT_URL, api_key: Key = None) -> None:
    """Write the server's agents, with their variants, to files.

    Files of agents that the server has not are kept, and named.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        others = {path.name for path in files(directory)}
        written = total = 0
        with ApiClient(url, api_key) as client:
            for name, content in pull(client):
                others.discard(name)
                total += 1
                path = directory / name
                if not path.exists() or path.read_bytes() != content.encode():
                    path.write_bytes(content.encode())
                    written += 1
                    typer.echo(f"{path}")
        for name in sorted(others):
            kept = f"{directory / name}: kept, but there is no such agent"
            errors.print(kept, style="yellow", markup=False, soft_wrap=True)
        typer.echo(f"{_count(total, 'agent')}, {_count(written, 'file')} written")
    except ApiError as error:
        raise fail(error) from error
    except OSError as error:
        raise fail(f"{error.filename}: {error.strerror}") from error


@app.command("push")
def push_agents(
    directory: Directory,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Delete agents without a file, and variants that their agent's file has not."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    reason: Annotated[str | None, typer.Option(help="For the history.")] = None,
    url: Url = DEFAULT_URL,
    api_key: Key = None,
) -> None:
    """Make the server's agents what the files say: show what would change, ask, and do it in one transaction.

    A file says all that an agent is: what it leaves out has its default. Only without the key `active`, what is active stays.
    """
    paths, manifests = _read(directory)
    _ensure_size(directory, manifests, prune)
    try:
        with ApiClient(url, api_key) as client:
            planned = client.run("ApplyAgents", agents=manifests, prune=prune, dryRun=True, reason=reason)
            if not planned["changes"]:
                typer.echo("nothing to change")
                return
            for change in planned["changes"]:
                show(change)
            count = _count(len(planned["changes"]), "change")
            if dry_run:
                typer.echo(f"{count}, not applied")
                return
            if not yes and not (sys.stdin.isatty() and typer.confirm(f"Apply {count}?")):
                raise fail("nothing was applied: say yes, or give --yes")
            state = planned["state"]
            client.run("ApplyAgents", agents=manifests, prune=prune, expectedState=state, reason=reason)
            typer.echo(f"{count} applied")
    except ApiError as error:
        raise fail(visible(in_files(str(error), paths, manifests))) from error


def _read(directory: Path) -> tuple[list[Path], list[dict[str, Any]]]:
    """The files and what is in them. Ends the command, with all that is wrong, if any is no manifest."""
    try:
        paths, others = files(directory), misnamed(directory)
    except OSError as error:
        raise fail(f"{directory}: {error.strerror}") from error
    # Passed over, their agents would be pruned.
    for path in others:
        errors.print(visible(f"{path}: must be named SLUG{MANIFEST_SUFFIX}"), style="red", markup=False, soft_wrap=True)
    if not paths and not others:
        raise fail(f"{directory}: there are no files SLUG{MANIFEST_SUFFIX}")
    manifests, refused = [], bool(others)
    for path in paths:
        try:
            manifests.append(read_manifest(path))
        except NotAManifest as error:
            refused = True
            errors.print(visible(f"{path}: {error}"), style="red", markup=False, soft_wrap=True)
    if refused:
        raise fail("nothing was applied")
    return paths, manifests


def _ensure_size(directory: Path, manifests: list[dict[str, Any]], prune: bool) -> None:
    entities = sum(1 + len(manifest["variants"]) for manifest in manifests)
    if entities > MAX_ENTITIES:
        hint = (
            "parts of them, each pushed with --prune, would delete each other"
            if prune
            else "put them in several directories, and never push those with --prune: each would delete the others'"
        )
        has = f"{directory}: has {entities:,} agents and variants, and a push takes at most {MAX_ENTITIES:,}"
        raise fail(f"{has}; {hint}")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def show(change: Any) -> None:
    """One change: of what, and each field with both values; texts of several lines as a diff."""
    name, kind = "/".join(filter(None, (change["agentSlug"], change["variantSlug"]))), change["event"]["kind"]
    output.print(Text(visible(f"{name}: {kind.replace('_', ' ').lower()}"), style="bold"))
    for field in sorted(change["event"]["changes"], key=_place):
        before, after = field["before"], field["after"]
        if field["field"] == "activeVariantId":
            continue  # ids; the slugs are below
        if "\n" in f"{before}{after}" and isinstance(before or "", str):
            output.print(Text(visible(f"  {field['field']}:")))
            for line in text_diff(before or "", after or "").removesuffix("\n").split("\n")[2:]:
                style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
                output.print(Text(f"    {visible(line)}", style=style))
        else:
            _show_change(field["field"], _value(before), _value(after))
    if kind in ("ACTIVATED", "DEACTIVATED"):
        active = change["variantSlug"] if kind == "ACTIVATED" else None
        _show_change("active", change["activeBefore"] or "the base", active or "the base")


def _show_change(field: str, before: str, after: str) -> None:
    shown = Text(visible(f"  {field}: ")).append(visible(before), "red").append(" → ").append(visible(after), "green")
    output.print(shown)


def _place(field: Any) -> int:
    return _ORDER.index(field["field"]) if field["field"] in _ORDER else len(_ORDER)


def _value(value: Any) -> str:
    return "none" if value is None else repr(value) if isinstance(value, str) else str(value)


_OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of what a terminal obeys, or breaks lines at, or does not show: a text must not look like other output."""


def visible(text: str) -> str:
    """The text with escapes for what is not to be seen in it; the tab stays."""
    return "".join(_escaped(char) if char != "\t" and unicodedata.category(char) in _OBEYED else char for char in text)


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
