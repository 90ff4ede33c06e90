"""`rookery key`: API keys of programs."""

from __future__ import annotations

from typing import Annotated

import typer

from rookery.cli.options import AsJson, DataDir, User, order_and_show

Id = Annotated[str, typer.Argument(help="Client id.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    key = typer.Typer(help="API keys: client id and secret for programs.", no_args_is_help=True)
    app.add_typer(key, name="key")

    @key.command("create")
    def create(
        name: Annotated[str, typer.Argument(help="What the key is for.")],
        user: User = None,
        data_dir: DataDir = None,
        json: AsJson = False,
    ) -> None:
        """Make a key. Its secret is shown this once."""
        order_and_show(data_dir, json, "key_create", name=name, user=user)

    @key.command("list")
    def list_(user: User = None, data_dir: DataDir = None, json: AsJson = False) -> None:
        """List keys; secrets can not be shown again."""
        order_and_show(data_dir, json, "key_list", user=user)

    @key.command("enable")
    def enable(id: Id, data_dir: DataDir = None, json: AsJson = False) -> None:
        """Let a key work again."""
        order_and_show(data_dir, json, "key_enable", id=id)

    @key.command("disable")
    def disable(id: Id, data_dir: DataDir = None, json: AsJson = False) -> None:
        """Stop a key from working, at once."""
        order_and_show(data_dir, json, "key_disable", id=id)

    @key.command("rotate")
    def rotate(id: Id, data_dir: DataDir = None, json: AsJson = False) -> None:
        """Give a key a new secret, shown this once. The old one stops working."""
        order_and_show(data_dir, json, "key_rotate", id=id)

    @key.command("delete")
    def delete(id: Id, data_dir: DataDir = None, json: AsJson = False) -> None:
        """Withdraw a key for good."""
        order_and_show(data_dir, json, "key_delete", id=id)
