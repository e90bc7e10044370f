"""`rapporteur completion`: prints the script that makes a shell complete commands and options."""

from enum import Enum
from typing import Annotated

import typer
from typer.completion import get_completion_script  # type: ignore[attr-defined]  # documented, not in __all__


class Shell(Enum):
    """A shell that Typer can complete for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="bash, zsh or fish.", case_sensitive=False)]) -> None:
    """Print the completion script of a shell.

    In bash: eval "$(rapporteur completion bash)"; in zsh the same with zsh; in fish: rapporteur completion fish | source
    """
    typer.echo(get_completion_script(prog_name="rapporteur", complete_var="_RAPPORTEUR_COMPLETE", shell=shell.value))
