"""The command line: ``backpass train digits`` and its siblings, one file a command.

A command's file is loaded when the command is asked for, so that ``backpass --help`` is quick.
"""

from __future__ import annotations

import importlib
from typing import Any

import click

from .. import __version__
from .command import CommandError, Interrupted
from .option_types import suggestion
from .terminal import use_plain_letters

# Command -> its line in the overview. Its file has the same name.
COMMANDS = {
    "train": "Train a network on a table or a built-in data set; write the model and a report.",
    "predict": "Predict the rows of a table with a trained model.",
    "score": "Score a trained model on rows whose target is known.",
    "trace": "Show every a, z, δ, Δ and D of one row's pass through a trained model.",
    "explain": "Explain where one number of a row's pass comes from.",
    "check": "Check a trained model's gradient against a numerical one, on your own data.",
    "diagnose": "Name the wrong formula in a backpropagation function of your own.",
    "grade": "Grade a class's backpropagation functions, contained, with hints for students.",
    "landscape": "Draw J as mountains around a trained model; drop walkers, count the valleys.",
    "studio": "Watch a network learn, in a page on this machine or in one file.",
    "export": "Write a trained model for other programs: as ONNX, or its weights as .mat.",
    "bench": "Measure backpass beside scikit-learn, PyTorch, JAX and onnxruntime, here.",
    "info": "Show what is installed here; or what a model file holds.",
}


class Commands(click.Group):
    """The group: finds a command's file, and says a mistake in the arguments in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands, in the order in which they are used."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command from its file."""
        if cmd_name not in COMMANDS:
            return None
        return getattr(importlib.import_module(f".commands.{cmd_name}", __name__), cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading their files."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is asked for; a mistyped name gets a suggestion."""
        name = args[0]
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        ctx.fail(f"No such command {name!r}{suggestion(name, COMMANDS)}")

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line, on terminals of any encoding."""
        use_plain_letters()
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; wrong arguments end in one line, as every other mistake does."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else "backpass"
            raise CommandError(f"{_sentence(error)} (See `{path} --help`.)") from None
        except (KeyboardInterrupt, click.Abort):
            raise Interrupted("Stopped by Ctrl-C.") from None


def _sentence(error: click.UsageError) -> str:
    """What is wrong with the arguments, in one line that ends as a sentence."""
    text = " ".join(error.format_message().replace("?.", "?").split())
    return text if text.endswith((".", "?")) else f"{text}."


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "show_default": True}
)
@click.version_option(__version__, prog_name="backpass")
def main() -> None:
    """Backpropagation you can see through, at the speed of your CPU."""
