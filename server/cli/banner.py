"""Prints the lines that greet a person once `rapporteur serve` is ready on a terminal."""

import shutil
import sys
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.text import Text

from server.process.bootstrap import describe_database
from server.settings import Settings
from server.wire.hosts_and_origins import is_loopback


def show_banner(console: Console, settings: Settings, url: str) -> None:
    """Prints the version, the addresses, the data, who may come in, and what to try next."""
    console.print(Text(f"Rapporteur {version('rapporteur')}", "bold"))
    for name, value, style in _lines(settings, url):
        console.print(Text.assemble((f"  {name:<10}", "dim"), (value, style)), soft_wrap=True)
    console.print(Text("  Ctrl-C stops it.\n", "dim"))


def _lines(settings: Settings, url: str) -> list[tuple[str, str, str]]:
    api = "GraphiQL" if settings.serves_graphiql else "API"
    lines = [("console", f"{url}/console", "cyan")] if settings.serves_console else []
    lines += [(api, f"{url}/graphql", "cyan"), ("database", describe_database(settings), "")]
    if settings.auth:
        lines.append(("access", f"with a key: {_command()} keys create NAME --scope admin makes one", ""))
    elif is_loopback(settings.host):
        lines.append(("access", "from this machine only, without a key", ""))
    else:
        lines.append(("access", "whoever reaches it may do everything, as --insecure asks", "yellow"))
    lines.append(("try", f"{_command()} replay, in another terminal: a meeting as it is spoken", ""))
    return lines


def _command() -> str:
    """Returns how a user calls the command line from here."""
    if shutil.which("rapporteur"):
        return "rapporteur"
    script = Path(sys.executable).with_name("rapporteur")
    return str(script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script)
