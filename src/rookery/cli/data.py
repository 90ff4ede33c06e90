"""`rookery data`: history out of a server, into it, and what is in it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rookery.cli.exits import Exit, fail
from rookery.cli.options import AsJson, DataDir, folder, ordering
from rookery.cli.output import show
from rookery.cli.progress import Progress
from rookery.cli.tables import TableError, time_of

FIRST, LAST = -(2**62), 2**62


class Format(StrEnum):
    """Of a file."""

    CSV = "csv"
    PARQUET = "parquet"


Things = Annotated[list[str] | None, typer.Option("--thing", help="A thing, by id or name. May be repeated.")]
Variables = Annotated[
    list[str] | None, typer.Option("--variable", help="A variable, by id or name. May be repeated; default: all.")
]
As = Annotated[Format | None, typer.Option("--format", help="Default: by the ending of the file's name.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    data = typer.Typer(help="The history of variables: export, import, check, repair.", no_args_is_help=True)
    app.add_typer(data, name="data")

    @data.command("export")
    def export(
        file: Annotated[Path, typer.Argument(help="Where to; - is standard output, as CSV.")],
        thing: Things = None,
        variable: Variables = None,
        start: Annotated[str | None, typer.Option("--from", help="The first moment, such as 2026-11-01.")] = None,
        end: Annotated[str | None, typer.Option("--to", help="The moment before which it ends.")] = None,
        format: As = None,
        force: Annotated[bool, typer.Option(help="Replace the file when it is there.")] = False,
        data_dir: DataDir = None,
    ) -> None:
        """Write histories to a table, a row for each point, while the server runs or not."""
        from rookery.cli.data_export import export_to

        if str(file) != "-" and file.exists() and not force:
            fail(f"{file} is there already. --force replaces it.", Exit.USAGE)
        span = _moment(start, FIRST), _moment(end, LAST)
        with _tables(file), ordering(data_dir) as order:
            rows = export_to(order, file, _format(file, format), thing or [], variable or [], span, Progress("points"))
        print(f"{rows} points.", file=sys.stderr)

    @data.command("import")
    def import_(
        file: Annotated[Path, typer.Argument(help="A table as `export` writes it, or a simpler one: docs/history.md.")],
        format: As = None,
        data_dir: DataDir = None,
        json: AsJson = False,
    ) -> None:
        """Take a table in. All of it is looked at first: when something is wrong with it, nothing is taken in.

        What is there already is left alone, so an import that broke off is simply done again.
        """
        from rookery.cli.data_import import import_from

        if not file.is_file():
            fail(f"There is no file {file}.", Exit.USAGE)
        with _tables(file), ordering(data_dir) as order:
            told = import_from(order, file, _format(file, format), Progress("points"))
        show(told, json)

    @data.command("check")
    def check(data_dir: DataDir = None, json: AsJson = False) -> None:
        """Read everything and compare every checksum. Exit code 1 when something is damaged."""
        from rookery.cli.data_check import check_folder

        told = check_folder(folder(data_dir), Progress("blocks"))
        if json:
            show(told, True)
        else:
            damaged = told.pop("damaged")
            show(told, False)
            _list(damaged)
            print("Nothing is damaged." if not damaged else f"Damaged: {len(damaged)}.")
            told["damaged"] = damaged
        if told["damaged"]:
            sys.exit(Exit.FAILED)

    @data.command("repair")
    def repair(data_dir: DataDir = None, json: AsJson = False) -> None:
        """Put what can be read of a damaged history into a new file, while no server runs.

        The old file is kept beside it. Exit code 1 when something could not be read; it is listed.
        """
        from rookery.cli.data_check import repair_folder

        told = repair_folder(folder(data_dir), Progress("blocks"))
        if json:
            show(told, True)
        elif told["kept"] is None:
            print("Nothing is damaged, and nothing was changed.")
        else:
            lost = told.pop("lost")
            show(told, False)
            _list(lost)
            print(f"Could not be read: {len(lost)}." if lost else "Everything could be read.")
            told["lost"] = lost
        if told["lost"]:
            sys.exit(Exit.FAILED)

    @data.command("stats")
    def stats(data_dir: DataDir = None, json: AsJson = False) -> None:
        """How much there is, since when, and which variables take the room."""
        from rookery.cli.data_check import stats_of

        told = stats_of(folder(data_dir))
        if json:
            show(told, True)
            return
        largest = told.pop("largest")
        show(told, False)
        if largest:
            print("\nThe largest:")
            show(largest, False)


def _list(damages: list[dict[str, object]]) -> None:
    for damage in damages:
        print("; ".join(f"{name} {value}" for name, value in damage.items() if value is not None))


def _moment(text: str | None, otherwise: int) -> int:
    if text is None:
        return otherwise
    try:
        return time_of(text)
    except ValueError as error:
        fail(f"{error}.", Exit.USAGE)


def _format(file: Path, wanted: Format | None) -> Format:
    if wanted is not None:
        return wanted
    return Format.PARQUET if file.suffix.lower() in (".parquet", ".pq") else Format.CSV


@contextmanager
def _tables(file: Path) -> Iterator[None]:
    """Words for what is wrong with a table, or with the file that it is in."""
    try:
        yield
    except TableError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or file}: {(error.strerror or str(error)).lower()}.")
