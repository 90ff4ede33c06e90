"""`python -m rookery.cli.document` prints docs/cli.md: every command and flag, from the parsers themselves."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterator
from typing import Any

from rookery.cli.exits import MEANING
from rookery.cli.main import NOUNS, SERVERS, build


def document() -> str:
    """The text of docs/cli.md."""
    lines = [
        "# Commands",
        "",
        "<!-- Written by `python -m rookery.cli.document`; a test compares. Change src/rookery/cli instead. -->",
        "",
        "Commands act on a data folder: the one of `--data-dir`, else of `ROOKERY_DATA_DIR`, else `./rookery-data`.",
        "Where a server runs on it they ask that server; where none runs they open the folder themselves. They never",
        "ask anything unless a terminal is there. With `--json` they print JSON for programs, and every secret is",
        "printed once: when it is made.",
        "",
        "| Exit code | What it says |",
        "|---|---|",
        *(f"| {int(code)} | {meaning} |" for code, meaning in MEANING.items()),
    ]
    for name, module in SERVERS.items():
        lines += ["", *_server_command(name, importlib.import_module(module).parser())]
    for name in NOUNS:
        lines += ["", *_noun(name)]
    return "\n".join(lines) + "\n"


def _server_command(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## rookery {name}"
    yield ""
    yield parser.description or ""
    yield ""
    rows = []
    for action in parser._actions:
        if action.dest != "help":
            flag = action.option_strings[0]
            value = "|".join(map(str, action.choices)) if action.choices else action.metavar
            rows.append((f"{flag} {value}" if value else flag, action.help or ""))
    yield from _table(rows)
    if parser.epilog:
        yield ""
        yield parser.epilog


def _noun(name: str) -> Iterator[str]:
    import typer

    # The library's own classes are not for others; only what every version of it has is used here.
    group: Any = typer.main.get_command(build([name]))
    command = group.commands[name]
    yield f"## rookery {name}"
    yield ""
    if hasattr(command, "commands"):
        yield str(command.help)
        for verb, below in command.commands.items():
            yield ""
            yield f"### rookery {name} {verb}"
            yield ""
            yield from _command(below)
    else:
        yield from _command(command)


def _command(command: Any) -> Iterator[str]:
    yield " ".join(str(command.help).split())
    rows = []
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            shown = parameter.name.upper()
            rows.append((shown if parameter.required else f"[{shown}]", parameter.help or ""))
        elif "--help" not in parameter.opts:
            flag = parameter.opts[-1]
            value = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
            rows.append((flag + value, parameter.help or ""))
    if rows:
        yield ""
        yield from _table(rows)
    if command.epilog:
        yield ""
        yield command.epilog


def _table(rows: list[tuple[str, str]]) -> Iterator[str]:
    yield "| | |"
    yield "|---|---|"
    for name, text in rows:
        yield "| `{}` | {} |".format(name.replace("|", "\\|"), " ".join(text.split()).replace("|", "\\|"))


if __name__ == "__main__":
    sys.stdout.write(document())
