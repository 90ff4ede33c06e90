"""Changing `rookery.toml` for somebody who does not see it: other lines, comments and their order stay as they are.

The file is flat: settings and nothing else, which `Settings` insists on. So an edit is a few lines replaced: those from
`name =` to where the value ends, which is where the text first can be read as TOML. The result is read again before it
is written, and it is written whole or not at all.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

from rookery.settings import FILE_NAME, Settings, SettingsError

_NAME = re.compile(r"""\s*(?:(?P<bare>[A-Za-z0-9_-]+)|"(?P<quoted>[A-Za-z0-9_-]+)"|'(?P<single>[A-Za-z0-9_-]+)')\s*=""")
FILE_MODE = 0o600
"""Pairs of ids and secrets may be in it."""


def edit(text: str, changes: Mapping[str, Any]) -> str:
    """The text of a settings file with these settings changed; None takes one out, so that its default holds again.

    Raises:
        SettingsError: the text is no TOML.
    """
    for name, value in changes.items():
        text = _edited(text, name, None if value is None else toml_of(value))
    return text


def save(settings: Settings, changes: Mapping[str, Any], apply: Callable[[Settings], None] | None = None) -> Settings:
    """Change the file of these settings. Returns what they would be if the server started now.

    Args:
        apply: takes them over before they are written, and the old ones again when they can not be. What it raises,
            this raises.

    Raises:
        SettingsError: the values can not be used, the file can not be read or written; nothing has changed then.
    """
    path = settings.data_dir / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        after = edit(text, changes)
        checked = settings.with_file(after)
        if apply is not None:
            apply(checked)
        try:
            _replace(path, after)
        except OSError:
            if apply is not None:
                apply(settings)
            raise
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{path} cannot be changed ({reason}).") from error
    return checked


def toml_of(value: Any) -> str:
    """A value as it stands in the file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(toml_of(part) for part in value)}]"
    if isinstance(value, (Path, IPv4Network, IPv6Network)):
        value = str(value)
    if not isinstance(value, str):
        raise TypeError(value)
    escaped = "".join(_ESCAPES.get(c) or (c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}") for c in value)
    return f'"{escaped}"'


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def plain_of(value: Any) -> Any:
    """A setting as JSON has it: a listener that is off is the word, paths and networks are texts."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, tuple):
        return [plain_of(part) for part in value]
    return str(value)


def _edited(text: str, name: str, value: str | None) -> str:
    lines = text.splitlines(keepends=True)
    found = _lines_of(lines, name)
    if found is None:
        if value is None:
            return text
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        return "".join([*lines, f"{name} = {value}\n"])
    first, last = found
    if value is None:
        return "".join(lines[:first] + lines[last:])
    comment = _comment(lines[first:last])
    return "".join([*lines[:first], f"{name} = {value}{comment}\n", *lines[last:]])


def _lines_of(lines: list[str], name: str) -> tuple[int, int] | None:
    """Where a setting begins and ends."""
    at = 0
    while at < len(lines):
        head = _NAME.match(lines[at])
        if head is None:
            at += 1
            continue
        end = at + 1
        while end < len(lines) and not _readable("".join(lines[at:end])):
            end += 1
        if not _readable("".join(lines[at:end])):
            raise SettingsError("The settings file is not valid TOML: correct it first.")
        if name in head.groups():
            return at, end
        at = end
    return None


def _comment(lines: list[str]) -> str:
    """The comment behind a value of one line, with the blanks before it."""
    if len(lines) > 1:
        return ""
    line = lines[0].rstrip("\n")
    for hash in (at for at, character in enumerate(line) if character == "#"):
        if _readable(line[:hash]):
            return "  " + line[hash:].rstrip()
    return ""


def _readable(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    mode = path.stat().st_mode & 0o777 if path.exists() else FILE_MODE
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
