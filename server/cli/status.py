"""`rapporteur status`: tells whether a server answers, which version it has, and whether it can serve."""

from importlib.metadata import version

import typer

from server.cli.connected import connected
from server.cli.options import DEFAULT_URL, ApiKeyToken, ServerUrl
from server.cli.output import JsonOutput, print_fields, print_json


def status(url: ServerUrl = DEFAULT_URL, api_key: ApiKeyToken = None, json: JsonOutput = False) -> None:
    """Tell whether a server is there, which version it has, and whether its database answers and is migrated.

    The exit code is 0 if the server can serve, and 1 if none answers or it cannot serve now.
    """
    with connected(url, api_key) as client:
        found = client.health()
    report = {"url": client.url, "command": version("rapporteur"), **found}
    if json:
        print_json(report)
    else:
        print_fields((name, ", ".join(value) if isinstance(value, list) else value) for name, value in report.items())
    if found["database"] != "ok":
        raise typer.Exit(1)
