"""What all commands share: --json, --debug, and errors as one line.

A command's function returns an ``Answer``; with --json its values are printed as one JSON object
on standard output, else it is shown. Progress and messages go to standard error.
"""

from __future__ import annotations

import json
import math
import shlex
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import IO, Any

import click
import numpy as np
from rich.console import Console

from .. import old_names
from ..errors import BackpassError, SettingError

Json = Any  # what ``plain`` makes of anything, as json.dumps takes it
Values = Mapping[str, Json]  # of an answer, by name

__getattr__ = old_names("cli.command")

AS_JSON = "backpass.as_json"  # where click's context says whether --json is given


@dataclass(frozen=True)
class Answer:
    """What a command found: as values for --json, and how it is shown to people."""

    values: Values
    show: Callable[[Console], object]
    exit_code: int = field(default=0)


class CommandError(click.ClickException):
    """One line on standard error, and exit code 2."""

    exit_code = 2


class Interrupted(click.ClickException):
    """Ctrl-C: one line on standard error, and the exit code that shells know for it."""

    exit_code = 130

    def show(self, file: IO[str] | None = None) -> None:
        """Say it, on a line of its own."""
        click.echo(self.message, file=file, err=file is None)


class Command(click.Command):
    """A command with --json and --debug, whose function returns an Answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += [
            click.Option(
                ["--json", "as_json"],
                is_flag=True,
                help="Print the result as one JSON object on standard output, nothing else there.",
            ),
            click.Option(["--debug"], is_flag=True, help="Show the whole traceback of an error."),
        ]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse them; of options that a mistyped one may have been, the nearest is named."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            meant = get_close_matches(error.option_name, error.possibilities or [], 1)
            raise click.NoSuchOption(error.option_name, possibilities=meant, ctx=ctx) from None

    def invoke(self, ctx: click.Context) -> None:
        """Run the command's function and print its answer; an error becomes a line."""
        as_json, debug = ctx.params.pop("as_json"), ctx.params.pop("debug")
        ctx.meta[AS_JSON] = as_json
        with warnings.catch_warnings():
            warnings.showwarning = _print_warning
            try:
                answer: Answer = super().invoke(ctx)
                _print(answer, as_json)
            except (click.exceptions.Exit, click.ClickException, click.Abort, BrokenPipeError):
                raise
            except Exception as error:
                if debug:
                    raise
                raise CommandError(self._in_options(error)) from None
        ctx.exit(answer.exit_code)

    def _in_options(self, error: Exception) -> str:
        """Say an error in one line; a setting has the name that it has as an option."""
        if not isinstance(error, SettingError):
            return one_line(error)
        options = {param.name: param.opts[0] for param in self.params}
        name = options.get(error.setting, error.setting)
        asked = name if error.value is None else f"{name} {error.value}"
        return f"{asked}: {one_line(error)}"


def _print(answer: Answer, as_json: bool) -> None:
    """Print an answer to standard output."""
    if as_json:
        click.echo(as_json_text(answer.values), file=sys.stdout)
    else:
        answer.show(Console(highlight=False))


def command_line() -> str:
    """Return the command that is running, as one types it, quoted for a shell."""
    ctx = click.get_current_context()
    given = given_parameters()
    parts = [part for param in given for part in _as_typed(param, ctx.params[str(param.name)])]
    return shlex.join(["backpass", str(ctx.info_name), *parts])


def next_command(*words: object) -> str:
    """Return a hint at a command, quoted for a shell; capitals are what is to be filled in.

    Examples
    --------
    >>> next_command("predict", "my model", "FILE")
    "Next:   backpass predict 'my model' FILE"
    """
    return f"Next:   {shlex.join(['backpass', *map(str, words)])}"


def given_parameters() -> list[click.Parameter]:
    """Return the arguments and options that the running command was called with."""
    ctx = click.get_current_context()
    return [param for param in ctx.command.params if _is_given(ctx, param)]


def _is_given(ctx: click.Context, param: click.Parameter) -> bool:
    name = str(param.name)
    source = click.core.ParameterSource.COMMANDLINE
    return name in ctx.params and ctx.get_parameter_source(name) is source


def _as_typed(param: click.Parameter, value: object) -> list[str]:
    """One argument or option, as it is typed."""
    if isinstance(param, click.Argument):
        return [str(value)]
    if isinstance(value, bool):
        return [param.opts[0] if value else param.secondary_opts[0]]
    if param.multiple and isinstance(value, tuple):
        return [word for item in value for word in (param.opts[0], str(item))]
    text = ",".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value)
    return [param.opts[0], text]


def messages() -> Console:
    """Return the console for progress and messages: standard error."""
    return Console(stderr=True, highlight=False)


def one_line(error: Exception) -> str:
    """Say an error in one line."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}."
    if isinstance(error, MemoryError):
        return "There is not enough memory for this; try fewer rows or smaller layers."
    text = " ".join(str(error).split())
    if isinstance(error, BackpassError | ValueError) and text:
        return text
    return f"{type(error).__name__}: {text} (--debug shows where it came from.)"


def as_json_text(values: Values) -> str:
    """Return strict JSON, with escapes where standard output cannot hold all letters."""
    unicode = (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")
    return json.dumps(plain(values), ensure_ascii=not unicode, allow_nan=False)


def plain(value: object) -> Json:
    """Turn arrays and NumPy's numbers into what JSON knows; what is not finite becomes null."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int | bool | None) else str(value)


def _print_warning(message: Warning | str, *_: object, **__: object) -> None:
    """Print a warning as one line."""
    click.echo(f"Warning: {' '.join(str(message).split())}", err=True)
