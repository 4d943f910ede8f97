"""``python -m backpass``: the same as the command ``backpass``."""

from .cli import main

main(prog_name="backpass")
