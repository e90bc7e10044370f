"""Commands that keep a running server's agents as files."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from domain.diffs import text_diff
from server.cli.options import DEFAULT_URL, Url, errors, fail
from server.client import ApiClient, ApiError
from server.manifests import NotAManifest, files, in_files, pull, read_manifest

app = typer.Typer(no_args_is_help=True, help="Keep agents as YAML files, in a git repository for instance.")
output = Console(highlight=False, soft_wrap=True)

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="One file for each agent: SLUG.yaml")]


@app.command("pull")
def pull_agents(directory: Directory, url: Url = DEFAULT_URL) -> None:
    """Write the server's agents, with their variants, to files.

    Files of agents that the server has not are kept, and named.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        others = {path.name for path in files(directory)}
        written = total = 0
        with ApiClient(url) as client:
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
        typer.echo(f"{total} agents, {written} files written")
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
) -> None:
    """Make the server's agents what the files say: show what would change, ask, and do it in one transaction.

    A file says all that an agent is: what it leaves out has its default. Only without the key `active`, what is active stays.
    """
    paths, manifests = _read(directory)
    try:
        with ApiClient(url) as client:
            planned = client.run("ApplyAgents", agents=manifests, prune=prune, dryRun=True)
            if not planned["changes"]:
                typer.echo("nothing to change")
                return
            for change in planned["changes"]:
                _show(change)
            count = f"{len(planned['changes'])} change{'s' if len(planned['changes']) > 1 else ''}"
            if dry_run:
                typer.echo(f"{count}, not applied")
                return
            if not yes and not (sys.stdin.isatty() and typer.confirm(f"Apply {count}?")):
                raise fail("nothing was applied: say yes, or give --yes")
            state = planned["state"]
            client.run("ApplyAgents", agents=manifests, prune=prune, expectedState=state, reason=reason)
            typer.echo(f"{count} applied")
    except ApiError as error:
        raise fail(in_files(str(error), paths)) from error


def _read(directory: Path) -> tuple[list[Path], list[dict[str, Any]]]:
    """The files and what is in them. Ends the command, with all that is wrong, if any is no manifest."""
    try:
        paths = files(directory)
    except OSError as error:
        raise fail(f"{directory}: {error.strerror}") from error
    if not paths:
        raise fail(f"{directory}: there are no files SLUG.yaml")
    manifests, refused = [], False
    for path in paths:
        try:
            manifests.append(read_manifest(path))
        except NotAManifest as error:
            refused = True
            errors.print(f"{path}: {error}", style="red", markup=False, soft_wrap=True)
    if refused:
        raise fail("nothing was applied")
    return paths, manifests


def _show(change: Any) -> None:
    """One change: of what, and each field with both values; texts of several lines as a diff."""
    name = "/".join(filter(None, (change["agentSlug"], change["variantSlug"])))
    output.print(Text(f"{name}: {change['event']['kind'].replace('_', ' ').lower()}", style="bold"))
    for field in change["event"]["changes"]:
        before, after = field["before"], field["after"]
        if field["field"] == "activeVariantId":
            continue  # an id, which says less than the slug above
        if "\n" in f"{before}{after}" and isinstance(before or "", str):
            output.print(Text(f"  {field['field']}:"))
            for line in text_diff(before or "", after or "").splitlines()[2:]:
                output.print(Text(f"    {line}", style={"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")))
        else:
            output.print(
                Text(f"  {field['field']}: ").append(_value(before), "red").append(" → ").append(_value(after), "green")
            )


def _value(value: Any) -> str:
    return "none" if value is None else repr(value) if isinstance(value, str) else str(value)
