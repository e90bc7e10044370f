"""`rapporteur agents`: looks at a running server's agents, and keeps them as files."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.manifests import MAX_ENTITIES
from server.cli.agent_changes import changed_name, show_change
from server.cli.agent_views import activate_variant, list_agents, roll_back_activation, show_agent
from server.cli.connected import connected
from server.cli.options import DEFAULT_URL, ApiKeyToken, ServerUrl, fail, stderr
from server.cli.output import JsonOutput, counted, print_json
from server.client.agent_files import (
    MANIFEST_SUFFIX,
    NotAManifest,
    in_files,
    pull,
    read_folder,
    read_manifest,
)
from server.client.api_client import ApiClient, ApiError
from server.printable import printable

agents = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Look at agents, switch their variants, and keep them as YAML files.",
)

agents.command("list")(list_agents)
agents.command("show")(show_agent)
agents.command("activate")(activate_variant)
agents.command("rollback")(roll_back_activation)

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="One file for each agent: SLUG.yaml")]


@agents.command("pull")
def pull_agents(
    directory: Directory, url: ServerUrl = DEFAULT_URL, api_key: ApiKeyToken = None, json: JsonOutput = False
) -> None:
    """Write the server's agents, with their variants, to files.

    Files of agents that the server does not have are kept, and named.
    """
    try:
        if directory.exists() and not directory.is_dir():
            raise fail(f"{directory}: is no directory")
        directory.mkdir(parents=True, exist_ok=True)
        others = {path.name for path in read_folder(directory).manifests}
        written: list[str] = []
        total = 0
        with connected(url, api_key) as client:
            for name, content in pull(client):
                others.discard(name)
                total += 1
                path = directory / name
                if not path.exists() or path.read_bytes() != content.encode():
                    path.write_bytes(content.encode())
                    written.append(str(path))
                    if not json:
                        typer.echo(printable(str(path)))
        for name in sorted(others):
            kept = f"{directory / name}: kept, but there is no such agent"
            stderr.print(printable(kept), style="yellow", markup=False, soft_wrap=True)
        if json:
            print_json(
                {"agents": total, "written": written, "kept": [str(directory / name) for name in sorted(others)]}
            )
        else:
            typer.echo(f"{counted(total, 'agent')}, {counted(len(written), 'file')} written")
    except OSError as error:
        raise fail(f"{error.filename}: {error.strerror}") from error


@agents.command("push")
def push_agents(
    directory: Directory,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Delete agents without a file, and variants that are not in their agent's file."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before changes are applied; deletions need their own yes.")
    ] = False,
    yes_delete: Annotated[bool, typer.Option("--yes-delete", help="Do not ask before --prune deletes.")] = False,
    reason: Annotated[str | None, typer.Option(help="For the history.")] = None,
    url: ServerUrl = DEFAULT_URL,
    api_key: ApiKeyToken = None,
    json: JsonOutput = False,
) -> None:
    """Make the server's agents what the files say: show what would change, ask, and do it in one transaction.

    A file is all of an agent: a field that it leaves out gets its default. Only without the key `active`, the active variant
    stays. With --json nothing is asked: say --dry-run, or --yes.
    """
    paths, manifests = _read_manifests(directory, prune)
    entities = sum(1 + len(manifest["variants"]) for manifest in manifests)
    _check_number(directory, entities, prune, "agents and variants")
    try:
        with ApiClient(url, api_key) as client:
            planned = client.run("ApplyAgents", agents=manifests, prune=prune, dryRun=True, reason=reason)
            changes = planned["changes"]
            if not json:
                _show_plan(changes)
            if changes and not dry_run:
                may_ask = sys.stdin.isatty() and not json  # elsewhere nobody can say yes
                if _deleted_names(changes) and not (yes_delete or (may_ask and typer.confirm("Delete them?"))):
                    raise fail("nothing was applied: --prune deletes only with a yes of its own, or with --yes-delete")
                if not (yes or (may_ask and typer.confirm(f"Apply {counted(len(changes), 'change')}?"))):
                    raise fail("nothing was applied: say yes, or give --yes")
                state = planned["state"]
                client.run("ApplyAgents", agents=manifests, prune=prune, expectedState=state, reason=reason)
            if json:
                print_json({"changes": changes, "applied": bool(changes) and not dry_run})
            elif changes:
                typer.echo(f"{counted(len(changes), 'change')}{', not' if dry_run else ''} applied")
    except ApiError as error:
        problems = [in_files(problem, paths, manifests) for problem in error.problems]
        if problems == list(error.problems):
            raise fail(error) from error
        for problem in problems:
            _print_error(problem)
        raise fail("nothing was applied") from error


def _show_plan(changes: Sequence[Any]) -> None:
    """Prints the changes that a push would make, and the names of what it would delete."""
    if not changes:
        typer.echo("nothing to change")
    for change in changes:
        show_change(change)
    if deleted := _deleted_names(changes):
        typer.echo(f"--prune deletes {counted(len(deleted), 'entity', 'entities')}: {', '.join(deleted)}")


def _deleted_names(changes: Sequence[Any]) -> list[str]:
    """Returns the names of the agents and variants that the changes delete, as `agent` or `agent/variant`."""
    return [printable(changed_name(change)) for change in changes if change["event"]["kind"] == "DELETED"]


def _read_manifests(directory: Path, prune: bool) -> tuple[list[Path], list[dict[str, Any]]]:
    """Returns the files and their manifests. Ends the command, with all errors, if a file is no manifest."""
    try:
        folder = read_folder(directory)
    except OSError as error:
        raise fail(f"{directory}: {error.strerror}") from error
    paths = folder.manifests
    if folder.ignored:
        names = printable(", ".join(path.name for path in folder.ignored))
        stderr.print(f"{directory}: not manifests, and not read: {names}", style="dim", markup=False, soft_wrap=True)
    for path, reason in folder.refused:
        _print_error(f"{path}: {reason}")
    if not paths and not folder.refused:
        raise fail(f"{directory}: there are no files SLUG{MANIFEST_SUFFIX}")
    _check_number(directory, len(paths), prune, "agents")
    manifests, is_wrong = [], bool(folder.refused)
    for path in paths:
        try:
            manifests.append(read_manifest(path))
        except NotAManifest as error:
            is_wrong = True
            _print_error(f"{path}: {error}")
    if is_wrong:
        raise fail("nothing was applied")
    return paths, manifests


def _check_number(directory: Path, entities: int, prune: bool, kinds: str) -> None:
    """Ends the command if there are more agents and variants than one push takes; files are counted before they are read."""
    if entities > MAX_ENTITIES:
        hint = (
            "parts of them, each pushed with --prune, would delete each other"
            if prune
            else "put them in several directories, and never push those with --prune: each would delete the others'"
        )
        has = f"{directory}: has {entities:,} {kinds}, and a push takes at most {MAX_ENTITIES:,} agents and variants"
        raise fail(f"{has}; {hint}")


def _print_error(message: str) -> None:
    stderr.print(printable(message), style="red", markup=False, soft_wrap=True)
