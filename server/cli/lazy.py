"""A command whose module is imported only when the command is run, or asked for its own help."""

import gc
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command


class LazyCommand(TyperCommand):
    """Stands for a command, or a group of commands, in the list of another group."""

    def __init__(self, name: str, target: str, help: str) -> None:
        """`target` names a function or a `typer.Typer`: `package.module:attribute`."""
        super().__init__(name, help=help)
        self._target = target

    def load(self) -> Any:
        """Imports and returns the command itself."""
        module, _, attribute = self._target.partition(":")
        gc.disable()
        try:
            target = getattr(import_module(module), attribute)
            gc.freeze()  # imported objects stay, and the collector would traverse them again and again
        finally:
            gc.enable()
        if not isinstance(target, typer.Typer):
            function, target = target, typer.Typer(add_completion=False)
            target.command()(function)
        return get_command(target)

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Returns a context of the command itself, which then runs instead of this one."""
        return self.load().make_context(*args, **kwargs)
