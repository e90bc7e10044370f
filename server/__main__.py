"""`python -m server` is `rapporteur`, also where the path of its script breaks the script's first line."""

from server.cli import app

app(prog_name="rapporteur")
