"""The command line: `rapporteur`."""

import typer

from server.cli import agents, keys, transcripts
from server.cli import serve as serving

app = typer.Typer(
    help="The GraphQL backend for products in which LLM agents take part in meetings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serving.serve)
app.command()(serving.migrate)
app.command()(serving.demo)
app.command("database-url")(serving.print_database_url)
app.command("import")(transcripts.import_files)
app.command()(transcripts.export)
app.command()(transcripts.replay)
app.command()(serving.schema)
app.add_typer(agents.app, name="agents")
app.add_typer(keys.keys, name="keys")
app.add_typer(keys.workspaces, name="workspaces")
