"""`python -m benchmarks [NAME…]`: find, list and run benchmarks. What one looks like: `benchmarks/__init__.py`."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
import traceback
from collections.abc import Callable
from typing import Any

import benchmarks

FIELDS = ("value", "unit", "goal", "holds", "peers", "details")

Bench = Callable[[], dict[str, Any]]


def discover() -> dict[str, Bench]:
    """Every benchmark by name.

    Raises:
        ValueError: two modules use one name.
    """
    found: dict[str, Bench] = {}
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name.startswith("_"):
            continue
        benches: dict[str, Bench] = getattr(importlib.import_module(f"benchmarks.{module.name}"), "BENCHES", {})
        for name, bench in benches.items():
            if name in found:
                raise ValueError(f"two benchmarks are called {name!r}")
            found[name] = bench
    return found


def chosen(names: list[str], found: dict[str, Bench]) -> dict[str, Bench]:
    """The benchmarks that `names` mean, in the order of `names`.

    Raises:
        KeyError: a name is neither a benchmark nor a noun.
    """
    picked: dict[str, Bench] = {}
    for name in names:
        matching = {each: found[each] for each in found if name in (each, each.partition(".")[0])}
        if not matching:
            raise KeyError(name)
        picked.update(matching)
    return picked


def line(name: str, result: dict[str, Any]) -> str:
    """One result as the line that is printed.

    Raises:
        ValueError: the result has other fields than it should.
    """
    if set(result) != set(FIELDS):
        raise ValueError(f"{name} returned {sorted(result)}, not {sorted(FIELDS)}")
    return json.dumps({"name": name, **{field: result[field] for field in FIELDS}})


def main(names: list[str]) -> int:
    """0: all ran; 1: one broke off (its traceback is on standard error); 2: a name is unknown."""
    found = discover()
    if not names:
        print("\n".join(found))
        return 0
    try:
        picked = chosen(names, found)
    except KeyError as error:
        print(f"No benchmark is called {error.args[0]}. There are: {', '.join(found) or 'none'}.", file=sys.stderr)
        return 2
    broken = False
    for name, bench in picked.items():
        try:
            print(line(name, bench()), flush=True)
        except Exception:
            broken = True
            print(f"{name} broke off:", file=sys.stderr)
            traceback.print_exc()
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
