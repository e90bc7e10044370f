"""Gives commands the settings, with an option for each that a command knows."""

import inspect
import re
from collections.abc import Callable
from typing import Annotated

import typer
from pydantic import ValidationError

from server.cli.options import stderr
from server.cli.settings_reference import SWITCH, SettingReference, settings_reference
from server.printable import printable
from server.settings import Settings, option, variable

_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")


def settings_options(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorates a command whose first parameter is `settings: Settings`: it gets options for the named settings, or for all.

    The settings that have no option, or whose option is left out, come from the environment.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        options = {each.name: _parameter(each) for each in settings_reference() if not names or each.name in names}

        def run(**arguments: object) -> None:
            values = {name: arguments.pop(name) for name in options}
            command(read_settings(**values), **arguments)

        _, *own = inspect.signature(command, eval_str=True).parameters.values()
        parameters = [*(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own), *options.values()]
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return run

    return decorate


def read_settings(**values: object) -> Settings:
    """Returns the settings of the environment with the given values over them; None leaves a setting as it is.

    A wrong value ends the command with exit code 2 and a message that names the setting.
    """
    try:
        return Settings(**{name: value for name, value in values.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        for problem in error.errors():
            fields = [str(part) for part in problem["loc"][:1]]  # empty: the problem is between several settings
            place = "".join(f"{variable(name)} ({option(name)}): " for name in fields)
            message = problem["msg"].removeprefix("Value error, ")  # Pydantic's words before a validator's own
            stderr.print(f"error: {place}{printable(message)}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from error


def _parameter(setting: SettingReference) -> inspect.Parameter:
    """Returns the keyword parameter from which Typer makes the option. Values are texts: `Settings` parses them."""
    facts = "; ".join(filter(None, (setting.range, f"default: {setting.default}" if setting.default else "")))
    info = typer.Option(
        "/".join(setting.flags),
        envvar=setting.variable,
        help=_LINK.sub(r"docs/\1", setting.description).replace("`", "") + (f" ({facts})" if facts else ""),
        show_default=False,
        metavar=None if setting.kind == SWITCH else f"<{setting.kind}>",
        rich_help_panel=setting.group,
    )
    type_: object = bool | None if setting.kind == SWITCH else str | None
    return inspect.Parameter(
        setting.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[type_, info]
    )
