"""`rookery org`: organisations, which own products together."""

from __future__ import annotations

from typing import Annotated

import typer

from rookery.cli.options import AsJson, DataDir, User, order_and_show


def register(app: typer.Typer) -> None:
    """Add the commands."""
    org = typer.Typer(help="Organisations, which own products together.", no_args_is_help=True)
    app.add_typer(org, name="org")

    @org.command("add")
    def add(
        name: Annotated[str, typer.Argument(help="What it is called.")],
        user: User = None,
        data_dir: DataDir = None,
        json: AsJson = False,
    ) -> None:
        """Add an organisation that this person owns. Its team is changed over the APIs."""
        order_and_show(data_dir, json, "org_add", name=name, user=user)

    @org.command("list")
    def list_(data_dir: DataDir = None, json: AsJson = False) -> None:
        """List the organisations."""
        order_and_show(data_dir, json, "org_list")
