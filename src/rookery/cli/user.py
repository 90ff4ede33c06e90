"""`rookery user`: people."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rookery.cli.exits import fail
from rookery.cli.options import AsJson, DataDir, User, folder, order, order_and_show
from rookery.cli.output import show

Email = Annotated[str, typer.Argument(help="E-mail address.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    user = typer.Typer(help="People who own devices and things.", no_args_is_help=True)
    app.add_typer(user, name="user")

    @user.command("add")
    def add(
        email: Email,
        name: Annotated[str, typer.Option(help="How the person is called.")] = "",
        password_stdin: Annotated[
            bool, typer.Option("--password-stdin", help="Read a password from standard input instead of making a link.")
        ] = False,
        data_dir: DataDir = None,
        json: AsJson = False,
    ) -> None:
        """Add a person and print a one-time link to set a password with."""
        password = _password() if password_stdin else None
        result = order(data_dir, "user_add", email=email, name=name, password=password)
        show(_with_link(result, data_dir), json)

    @user.command("list")
    def list_(data_dir: DataDir = None, json: AsJson = False) -> None:
        """List everybody."""
        order_and_show(data_dir, json, "user_list")

    @user.command("link")
    def link(
        email: Annotated[str | None, typer.Argument(help="E-mail address.")] = None,
        data_dir: DataDir = None,
        json: AsJson = False,
    ) -> None:
        """Print a new one-time link to set a password with. It works for 24 hours."""
        show(_with_link(order(data_dir, "user_link", user=email), data_dir), json)

    @user.command("password")
    def password(email: User = None, data_dir: DataDir = None, json: AsJson = False) -> None:
        """Set a password, read from standard input."""
        order_and_show(data_dir, json, "user_password", user=email, password=_password())

    @user.command("operator")
    def operator(
        email: Email,
        off: Annotated[bool, typer.Option("--off", help="Not any more.")] = False,
        data_dir: DataDir = None,
        json: AsJson = False,
    ) -> None:
        """Let a person run the server in the console: settings, people, backups. The first person may anyway."""
        order_and_show(data_dir, json, "user_operator", user=email, operator=not off)

    @user.command("delete")
    def delete(email: Email, data_dir: DataDir = None, json: AsJson = False) -> None:
        """Remove a person who owns no devices and things any more, with their API keys."""
        order_and_show(data_dir, json, "user_delete", user=email)


def _password() -> str:
    if sys.stdin.isatty():
        import getpass

        return getpass.getpass("Password: ")
    line = sys.stdin.readline().rstrip("\n")
    if not line:
        fail("No password came on standard input.")
    return line


def _with_link(result: dict[str, object], data_dir: Path | None) -> dict[str, object]:
    """The token of a link as the address to open: of the running server, or of one with the present settings."""
    import os

    from rookery.admin import runfile
    from rookery.cli.serve import link_addresses
    from rookery.settings import Settings

    token = result.pop("token", None)
    if token is None:
        return result
    path = folder(data_dir)
    running = runfile.read(path)
    if running is not None:
        bases = [base for base in dict.fromkeys((running.url, running.secure_url)) if base]
    else:
        port = Settings.load(os.environ, {"data_dir": str(path)}).http_port
        bases = [f"http://127.0.0.1:{port}"] if port else []
    return {**result, "links": link_addresses(bases, str(token))}
