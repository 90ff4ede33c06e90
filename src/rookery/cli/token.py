"""`rookery token`: access tokens of the Particle API."""

from __future__ import annotations

from typing import Annotated

import typer

from rookery.cli.options import AsJson, DataDir, User, order_and_show


def register(app: typer.Typer) -> None:
    """Add the commands."""
    token = typer.Typer(help="Access tokens of the Particle API.", no_args_is_help=True)
    app.add_typer(token, name="token")

    @token.command("create")
    def create(
        expires_in: Annotated[
            int, typer.Option(help="Seconds that it works; 0 for one that never expires.", min=0)
        ] = 7_776_000,
        user: User = None,
        data_dir: DataDir = None,
        json: AsJson = False,
    ) -> None:
        """Make a token that acts for a person. It is shown this once."""
        order_and_show(data_dir, json, "token_create", user=user, expires_in=expires_in)

    @token.command("list")
    def list_(user: User = None, data_dir: DataDir = None, json: AsJson = False) -> None:
        """List tokens, by the handles that `revoke` takes; the tokens themselves can not be shown again."""
        order_and_show(data_dir, json, "token_list", user=user)

    @token.command("revoke")
    def revoke(
        token: Annotated[str, typer.Argument(help="A token or its handle; `all` for all tokens of the person.")],
        user: User = None,
        data_dir: DataDir = None,
        json: AsJson = False,
    ) -> None:
        """End a token, at once."""
        order_and_show(data_dir, json, "token_revoke", token=token, user=user)
