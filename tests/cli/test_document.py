"""docs/cli.md is what the parsers say, and what every command owes its users."""

from __future__ import annotations

import re
from pathlib import Path

from rookery.cli.document import document

DOCUMENT = Path(__file__).parents[2] / "docs" / "cli.md"

READING = ("user list", "key list", "device list", "device show", "ca show", "ca board", "doctor")


def test_the_document_is_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "python -m rookery.cli.document > docs/cli.md"


def test_whatever_reads_has_json() -> None:
    sections = dict(re.findall(r"^##+ rookery ([a-z -]+)\n(.*?)(?=^##|\Z)", document(), re.MULTILINE | re.DOTALL))
    assert [name for name in READING if "`--json`" not in sections[name]] == []


def test_every_command_and_flag_is_explained() -> None:
    assert [line for line in document().splitlines() if re.fullmatch(r"\| `.*` \|\s*\|", line)] == []
    assert "None" not in document()


def test_commands_that_documents_name_exist() -> None:
    commands = set(re.findall(r"^##+ rookery ([a-z -]+)$", document(), re.MULTILINE))
    named = set()
    for path in (DOCUMENT.parents[1] / "README.md", *DOCUMENT.parent.glob("*.md")):
        named |= set(re.findall(r"`(?:\.venv/bin/)?rookery ((?:[a-z]+ ?){1,2})", path.read_text(encoding="utf-8")))
    unknown = {name for name in named if name.strip() not in commands and name.split()[0] not in commands}
    assert unknown == set()
