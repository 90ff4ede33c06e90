"""What the console brings from elsewhere is what its list says: nothing changed by hand, nothing unlisted."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "src" / "rookery" / "console" / "static"
VENDOR = STATIC / "vendor"
TOOLS = ROOT / "tools" / "console"
VERSIONS: list[dict[str, str]] = json.loads((VENDOR / "VERSIONS.json").read_text(encoding="utf-8"))
FREE = {"MIT", "ISC", "Apache-2.0", "BSD-2-Clause"}
"""Licences that ask for no more than their text."""


def lock() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((TOOLS / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    return found


@pytest.mark.parametrize("entry", VERSIONS, ids=lambda entry: str(entry["file"]))
def test_a_file_is_as_it_was_brought(entry: dict[str, str]) -> None:
    assert hashlib.sha256((VENDOR / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
    locked = lock()[f"node_modules/{entry['name']}"]
    assert (entry["version"], entry["licence"]) == (locked["version"], locked["license"])


def test_no_file_is_unlisted() -> None:
    there = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert there == {entry["file"] for entry in VERSIONS} | {"VERSIONS.json"}


def test_every_package_comes_with_a_free_licence_and_its_text() -> None:
    licences = {entry["name"]: entry["licence"] for entry in VERSIONS}
    assert set(licences.values()) <= FREE
    texts = {entry["name"] for entry in VERSIONS if entry["file"].startswith("licences/")}
    assert texts == set(licences)


def test_nothing_names_a_source_map() -> None:
    scripts = [*VENDOR.glob("*.js"), *VENDOR.glob("*.css")]
    assert [path.name for path in scripts if "sourceMappingURL" in path.read_text(encoding="utf-8")] == []


def test_bare_names_of_the_import_map_are_files_here() -> None:
    index = (STATIC / "index.html").read_text(encoding="utf-8")
    imports = json.loads(index.partition('<script type="importmap">')[2].partition("</script>")[0])["imports"]
    assert [
        name for name, place in imports.items() if not (STATIC / place.removeprefix("/console/static/")).exists()
    ] == []
    bare = {
        name
        for path in STATIC.rglob("*.js")
        for name in re.findall(
            r"""(?:^(?:import|export)[^;'"]*from |\bimport\()['"]([^./'"][^'"]*)['"]""",
            path.read_text(encoding="utf-8"),
            re.MULTILINE,
        )
        if VENDOR not in path.parents
    }
    assert {"preact", "htm"} <= bare
    # Programs that the tutorial shows are for Node.js.
    assert {name for name in bare if not name.startswith("node:")} <= set(imports)


def test_files_that_the_page_names_exist() -> None:
    index = (STATIC / "index.html").read_text(encoding="utf-8")
    named = set(re.findall(r'(?:href|src)="/console/static/([^"]+)"', index))
    assert named
    assert [name for name in sorted(named) if not (STATIC / name).exists()] == []


def imported(start: str) -> set[str]:
    """The module and all that it needs before it runs, without what comes from elsewhere."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        text = (STATIC / name).read_text(encoding="utf-8")
        others = re.findall(r"""^(?:import|export)\b[^;'"]*?from\s+['"](\.[^'"]+)['"]""", text, re.MULTILINE)
        places = [(STATIC / name).parent.joinpath(other).resolve() for other in others]
        waiting += [place.relative_to(STATIC.resolve()).as_posix() for place in places]
    return found


def test_the_page_fetches_all_modules_of_the_shell_at_once() -> None:
    index = (STATIC / "index.html").read_text(encoding="utf-8")
    listed = re.findall(r'<link rel="modulepreload" href="/console/static/([^"]+)"', index)
    assert len(listed) == len(set(listed))
    bare = {f"vendor/{name}.js" for name in ("preact", "preact-hooks", "htm", "signals", "signals-core")}
    assert set(listed) == imported("app.js") | bare


def test_home_is_fetched_with_the_shell() -> None:
    listed = re.findall(r"'modulepreload', '([^']+)'", (STATIC / "first.js").read_text(encoding="utf-8"))
    assert set(listed) == imported("views/home.js") - imported("app.js")


def test_every_page_of_the_list_has_its_view() -> None:
    routes = (STATIC / "views" / "routes.js").read_text(encoding="utf-8")
    views = set(re.findall(r"view: '([a-z-]+)'", routes))
    assert views
    assert [view for view in sorted(views) if not (STATIC / "views" / f"{view}.js").exists()] == []


def test_icons_that_are_used_are_there() -> None:
    drawn = set(re.findall(r'^  "([a-z0-9-]+)":', (VENDOR / "lucide.js").read_text(encoding="utf-8"), re.MULTILINE))
    listed = set((TOOLS / "icons.txt").read_text(encoding="utf-8").split())
    assert drawn == listed
    used = {
        name
        for path in STATIC.rglob("*.js")
        if VENDOR not in path.parents
        for name in re.findall(r"""(?:\bicon=|Icon\} name=)["']([a-z0-9-]+)["']""", path.read_text(encoding="utf-8"))
    }
    assert used <= drawn
