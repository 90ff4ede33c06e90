"""`rookery backup`: all data of a server in one file, while it runs or not."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rookery.cli.exits import Exit, fail, fail_with
from rookery.cli.options import AsJson, DataDir, folder
from rookery.cli.output import show
from rookery.cli.progress import Progress

if TYPE_CHECKING:
    from rookery.admin import runfile
    from rookery.storage.backup import Backup

PAUSE = 0.2
"""Seconds between two looks how far a running server is."""


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("backup")
    def backup(
        file: Annotated[
            Path | None,
            typer.Argument(help="Where to: a file, or a folder. Default: backups/ in the data folder."),
        ] = None,
        listed: Annotated[bool, typer.Option("--list", help="Show the backups in the data folder.")] = False,
        force: Annotated[bool, typer.Option(help="Replace the file when it is there.")] = False,
        data_dir: DataDir = None,
        json: AsJson = False,
    ) -> None:
        """Copy everything that a server keeps into one file: data, settings, and its keys. Keep it like a password."""
        from rookery import __version__
        from rookery.storage.backup import BackupError, Backups

        here = folder(data_dir)
        backups = Backups(here, __version__)
        if listed:
            show([_row(one) for one in backups.all()], json)
            return
        if not (here / "catalog.db").exists():
            fail(f"There is no Rookery data in {here}. Name the right folder with --data-dir.", Exit.FOLDER)
        if file is not None and file.exists() and not file.is_dir() and not force:
            fail(f"{file} is there already. --force replaces it.", Exit.USAGE)
        try:
            made = _made(here, backups)
            path = backups.path(made.name)
            if path is None:
                fail(f"{made.name} was removed meanwhile.")
            if file is not None:
                path = _moved(path, file / made.name if file.is_dir() else file)
        except BackupError as error:
            fail(str(error))
        except OSError as error:
            fail(f"{file or here}: {(error.strerror or str(error)).lower()}.")
        show({"file": str(path.absolute()), "bytes": made.size}, json)


def _made(here: Path, backups: Any) -> Backup:
    """One more backup in the data folder, by the server that runs on it or by ourselves.

    Raises:
        BackupError: it could not be made.
    """
    from rookery.admin import runfile
    from rookery.cli.orders import CommandFailed, Unreachable, ask
    from rookery.storage.folder import DataFolder, FolderError

    progress = Progress("bytes")
    running = runfile.read(here)
    try:
        if running is not None:
            try:
                ask(running, "server_show", {})
                return _by_server(running, backups, progress)
            except ConnectionError:
                # Left behind by a server that was killed, whose process id somebody else has now.
                pass
        lock = DataFolder.open(here)
        try:
            made: Backup = backups.make(time.time_ns() // 1_000, progress)
            return made
        finally:
            lock.close()
    except CommandFailed as error:
        fail(str(error))
    except Unreachable as error:
        fail(str(error), Exit.UNREACHABLE)
    except FolderError as error:
        fail_with(error)
    finally:
        progress.end()


def _by_server(running: runfile.Running, backups: Any, progress: Progress) -> Backup:
    from rookery.cli.orders import ask
    from rookery.storage.backup import BackupError

    work: Any = ask(running, "backup_begin", {})
    while work["state"] == "running":
        time.sleep(PAUSE)
        work = ask(running, "backup_show", {"id": work["id"]})
        if work["total"]:
            progress(work["done"], work["total"])
    if work["state"] != "done":
        raise BackupError(work.get("message") or "The backup failed.")
    made: Backup | None = next((one for one in backups.all() if one.name == work["message"]), None)
    if made is None:
        raise BackupError(f"{work['message']} was removed meanwhile.")
    return made


def _moved(path: Path, target: Path) -> Path:
    """Put the file somewhere else, whole or not at all; on another disk by copying."""
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        try:
            os.rename(path, beside)
        except OSError:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as copy, path.open("rb") as original:
                shutil.copyfileobj(original, copy, 1 << 20)
                copy.flush()
                os.fsync(copy.fileno())
            path.unlink()
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)
    return target


def _row(backup: Backup) -> dict[str, Any]:
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(backup.time / 1e6))
    return {"name": backup.name, "time": moment, "bytes": backup.size}
