"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rookery.cli.exits import Exit, fail, fail_with
from rookery.cli.output import show
from rookery.settings import DEFAULT_FOLDER

if TYPE_CHECKING:
    from rookery.cli.orders import Order

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", help=f"The data folder. Default: ROOKERY_DATA_DIR, or ./{DEFAULT_FOLDER}.", metavar="DIR"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
User = Annotated[
    str | None,
    typer.Option("--user", help="E-mail address or id. Not needed while there is one person.", metavar="EMAIL"),
]


def folder(data_dir: Path | None) -> Path:
    """The data folder that is meant."""
    return (data_dir or Path(os.environ.get("ROOKERY_DATA_DIR") or DEFAULT_FOLDER)).absolute()


def order(data_dir: Path | None, operation: str, **arguments: Any) -> Any:
    """Do an operation, or say why not and exit."""
    from rookery.cli.orders import CommandFailed, Unreachable, call

    try:
        return call(folder(data_dir), operation, **arguments)
    except CommandFailed as error:
        fail(str(error))
    except Unreachable as error:
        fail(str(error), Exit.UNREACHABLE)
    except Exception as error:
        fail_with(error)


@contextmanager
def ordering(data_dir: Path | None) -> Iterator[Order]:
    """Several operations on one folder; where one can not be done, say why and exit."""
    from rookery.cli.orders import CommandFailed, Unreachable, session

    try:
        with session(folder(data_dir)) as order:
            yield order
    except CommandFailed as error:
        fail(str(error))
    except Unreachable as error:
        fail(str(error), Exit.UNREACHABLE)
    except (SystemExit, KeyboardInterrupt):
        raise
    except Exception as error:
        fail_with(error)


def order_and_show(data_dir: Path | None, as_json: bool, operation: str, **arguments: Any) -> Any:
    """Do an operation and print what it returned."""
    result = order(data_dir, operation, **arguments)
    show(result, as_json)
    return result
