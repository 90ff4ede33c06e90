"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def show(result: Any, as_json: bool) -> None:
    """Print a result: an object as lines of `name: value`, a list as a table."""
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    elif isinstance(result, list):
        table(result)
    else:
        width = max((len(name) for name in result), default=0)
        for name, value in result.items():
            print(f"{_label(name):<{width}}  {_text(value)}")


def table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows that have the same columns."""
    if not rows:
        print("None yet.")
        return
    columns = list(rows[0])
    cells = [[_text(row[c]) for c in columns] for row in rows]
    widths = [max(len(_label(c)), *(len(line[i]) for line in cells)) for i, c in enumerate(columns)]
    print("  ".join(f"{_label(c):<{w}}" for c, w in zip(columns, widths, strict=True)).rstrip())
    for line in cells:
        print("  ".join(f"{cell:<{w}}" for cell, w in zip(line, widths, strict=True)).rstrip())


def _label(name: str) -> str:
    return name.replace("_", " ")


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        # Boards send single precision: 21.4 arrives as 21.399999618530273.
        return f"{value:.7g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{k}={_text(v)}" for k, v in value.items()) or "-"
    if isinstance(value, list):
        return "  ".join(map(_text, value)) or "-"
    text = str(value)
    return "".join(c if c.isprintable() else "�" for c in text)
