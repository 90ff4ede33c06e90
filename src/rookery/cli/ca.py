"""`rookery ca`: the certificate of this server's authority, in the form that each client needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rookery.cli.exits import fail
from rookery.cli.options import AsJson, DataDir, folder
from rookery.cli.output import show

if TYPE_CHECKING:
    from cryptography import x509


def register(app: typer.Typer) -> None:
    """Add the commands."""
    ca = typer.Typer(help="The certificate that boards and programs check.", no_args_is_help=True)
    app.add_typer(ca, name="ca")

    @ca.command("show")
    def show_(data_dir: DataDir = None, json: AsJson = False) -> None:
        """Show whose certificate it is, until when, and its fingerprint."""
        from cryptography.hazmat.primitives import hashes

        certificate = _certificate(data_dir)
        show(
            {
                "file": str(_file(data_dir)),
                "subject": certificate.subject.rfc4514_string(),
                "valid_from": certificate.not_valid_before_utc.isoformat(),
                "valid_until": certificate.not_valid_after_utc.isoformat(),
                "sha256": certificate.fingerprint(hashes.SHA256()).hex(":"),
            },
            json,
        )

    @ca.command("export")
    def export(
        file: Annotated[Path | None, typer.Argument(help="Where to write it; standard output when left out.")] = None,
        data_dir: DataDir = None,
    ) -> None:
        """Write the certificate (PEM)."""
        pem = _file(data_dir).read_text("ascii")
        if file is None:
            print(pem, end="")
            return
        try:
            file.write_text(pem, "ascii")
        except OSError as error:
            fail(f"{file} can not be written ({error.strerror}).")

    @ca.command("board")
    def board_(
        board: Annotated[str, typer.Argument(help="A board such as opta, esp32, nano_33_iot, python, or an FQBN.")],
        write: Annotated[
            Path | None, typer.Option("--write", help="Write the files below this folder instead of printing them.")
        ] = None,
        data_dir: DataDir = None,
        json: AsJson = False,
    ) -> None:
        """Print what makes a board believe this server: the steps, and the files of its library."""
        from rookery.arduino import ca as boards

        try:
            found = boards.for_board(board, _certificate(data_dir))
        except KeyError:
            fail(f"{board!r} is not a board that is known here. There are: {', '.join(sorted(boards.BOARDS))}.")
        if json:
            show({"board": found.board, "steps": list(found.steps), "files": found.files}, True)
            return
        print(f"{found.board}:")
        for number, step in enumerate(found.steps, 1):
            print(f"  {number}. {step}")
        for name, content in found.files.items():
            if write is None:
                print(f"\n----- {name} -----\n{content}", end="")
                continue
            target = write / name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(content)
            except OSError as error:
                fail(f"{target} can not be written ({error.strerror}).")
            print(f"Wrote {target}")


def _file(data_dir: Path | None) -> Path:
    from rookery.keys.authority import CERTIFICATE_FILE

    path = folder(data_dir) / "keys" / CERTIFICATE_FILE
    if not path.exists():
        fail(
            f"There is no {path} yet: the first start of `rookery serve` makes it. Or name the folder with --data-dir."
        )
    return path


def _certificate(data_dir: Path | None) -> x509.Certificate:
    from rookery.keys.errors import KeysError
    from rookery.keys.tls import load_certificates

    try:
        return load_certificates(_file(data_dir))[0]
    except KeysError as error:
        fail(str(error))
