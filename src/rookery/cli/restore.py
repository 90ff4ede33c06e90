"""`rookery restore`: what `rookery backup` has made, as a data folder again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rookery.cli.exits import Exit, fail
from rookery.cli.options import AsJson, DataDir, folder
from rookery.cli.output import show
from rookery.cli.progress import Progress


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("restore")
    def restore(
        file: Annotated[Path, typer.Argument(help="A backup.")],
        data_dir: DataDir = None,
        json: AsJson = False,
    ) -> None:
        """Put a backup into a data folder that is not there yet, or is empty.

        All of it is checked first; when something is wrong with it, nothing is left behind.
        """
        import time

        from rookery.storage import backup

        if not file.is_file():
            fail(f"There is no file {file}.", Exit.USAGE)
        target = folder(data_dir)
        progress = Progress("bytes")
        try:
            manifest = backup.restore(file, target, progress)
        except backup.BackupError as error:
            fail(str(error))
        finally:
            progress.end()
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(manifest.time / 1e6))
        show({"folder": str(target), "made": moment, "by": f"Rookery {manifest.version}"}, json)
