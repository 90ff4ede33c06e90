"""`rookery`: finds the command and imports nothing that it does not need.

`serve` and `sandbox` have parsers of their own, so that a start does not pay for the library of the other commands;
here they are only listed.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rookery import __version__

if TYPE_CHECKING:
    import typer

SERVERS = {"serve": "rookery.cli.serve", "sandbox": "rookery.cli.sandbox"}
"""Commands that run a server. Each module has `HELP`, `parser()` and `main(arguments)`."""

NOUNS = {
    "user": "rookery.cli.user",
    "org": "rookery.cli.org",
    "key": "rookery.cli.key",
    "token": "rookery.cli.token",
    "device": "rookery.cli.device",
    "ca": "rookery.cli.ca",
    "data": "rookery.cli.data",
    "backup": "rookery.cli.backup",
    "restore": "rookery.cli.restore",
    "simulate": "rookery.cli.simulate",
    "doctor": "rookery.cli.doctor",
}
"""The other commands. Each module has `register(app)`."""


def build(names: Sequence[str] = (*SERVERS, *NOUNS)) -> typer.Typer:
    """The application with these commands."""
    import typer

    app = typer.Typer(
        name="rookery",
        help="A cloud of your own for Arduino Cloud and Particle Cloud boards and programs.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )

    @app.callback(epilog="docs/cli.md has all commands and the exit codes.")
    def root(version: bool = typer.Option(False, "--version", help="Show the version and exit.")) -> None:
        pass

    for name in names:
        if name in SERVERS:
            app.command(name, help=importlib.import_module(SERVERS[name]).HELP)(_listed)
        else:
            importlib.import_module(NOUNS[name]).register(app)
    return app


def main() -> None:
    """The entry point."""
    arguments = sys.argv[1:]
    first = arguments[0] if arguments else None
    if first == "--version":
        print(f"rookery {__version__}")
    elif first in SERVERS:
        importlib.import_module(SERVERS[first]).main(arguments[1:])
    else:
        build((first,) if first in NOUNS else (*SERVERS, *NOUNS))(prog_name="rookery")


def _listed() -> None:
    """`main` has dealt with it before."""
