"""Rules of the house that no other tool holds: vendor words, sizes of files, locked and explained dependencies."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = {"runtime": ["build"], "dev": ["build", "dev", "clients", "bench"]}
"""Lock file to the groups that it holds besides what the server needs."""

WITHOUT_VENDOR_WORDS = ["core", "wire", "storage", "bus", "gateways", "keys"]
LONGEST_FILE = 600


def package_names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~; \[]", text, maxsplit=1)[0].lower() for text in requirements}


def wanted(lock: str) -> set[str]:
    groups: dict[str, list[str]] = PROJECT["dependency-groups"]
    return package_names(PROJECT["project"]["dependencies"] + [each for name in LOCKS[lock] for each in groups[name]])


@pytest.mark.parametrize("room", WITHOUT_VENDOR_WORDS)
def test_vendor_words_stay_in_the_vendors_rooms(room: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / "src" / "rookery" / room).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"arduino|particle", line, re.IGNORECASE)
    ]
    assert found == []


@pytest.mark.parametrize("folder", ["src", "tests", "benchmarks"])
def test_no_file_is_longer_than_a_reader_can_hold(folder: str) -> None:
    long = {
        str(path.relative_to(ROOT)): length
        for path in (ROOT / folder).rglob("*.py")
        if (length := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def scripts_of_the_console() -> dict[str, str]:
    static = ROOT / "src" / "rookery" / "console" / "static"
    return {
        path.relative_to(static).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(static.rglob("*.js"))
        if static / "vendor" not in path.parents
    }


def test_no_script_of_the_console_is_longer_than_a_reader_can_hold() -> None:
    long = {name: length for name, text in scripts_of_the_console().items() if (length := len(text.splitlines())) > 400}
    assert long == {}


@pytest.mark.parametrize(
    "pattern",
    [
        r"\b(inner|outer)HTML\b|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|DOMParser",
        r"\beval\s*\(|\bnew Function\b|['\"]javascript:",
        # Styles are objects: as text the policy of the pages refuses them. Handlers are functions.
        r"""\sstyle=["'`]|\sstyle=\$\{[`'"]|setAttribute\(['"]style|\.cssText\b""",
        r"""\son[a-z]+=["'`]""",
    ],
    ids=["markup from text", "program from text", "style as text", "handler as text"],
)
def test_the_console_makes_nothing_from_text(pattern: str) -> None:
    found = [
        f"{name}:{number}"
        for name, text in scripts_of_the_console().items()
        for number, line in enumerate(text.splitlines(), 1)
        # The sample of a note on the pattern page tries it and must fail.
        if name != "views/parts/ui-widgets.js" and re.search(pattern, line)
    ]
    assert found == []


def test_colours_of_the_console_are_named_in_one_file() -> None:
    styles = ROOT / "src" / "rookery" / "console" / "static" / "styles"
    found = [
        f"{path.name}:{number}"
        for path in sorted(styles.glob("*.css"))
        # Lamps, knobs and markers on maps are pictures of things: white is their light, black their shadow.
        if path.name != "tokens.css" and not path.name.startswith("widgets")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(", line)
    ]
    assert found == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_dependency_is_locked_with_hashes_and_without_an_address(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert all(
        re.match(r"[a-z0-9-]+==[^ ]+( ; [^\\]+)? \\\n(    --hash=sha256:[0-9a-f]{64}( \\\n|$))+$", each)
        for each in entries
    )
    assert wanted(lock) <= {entry.partition("==")[0] for entry in entries}
    assert not re.search(r"https?:|--index|--find-links|--extra", text)


def test_every_dependency_is_explained() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    assert [name for name in sorted(wanted("dev")) if name not in text] == []


@pytest.mark.parametrize("folder", ["tests/clients/node", "tools/console"])
def test_javascript_packages_are_locked_without_an_address(folder: str) -> None:
    lock = json.loads((ROOT / folder / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all("resolved" not in entry for entry in packages.values())
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())


def test_the_javascript_lock_can_be_read_by_the_npm_of_debian_12() -> None:
    """npm 9.2 gives up on a range that is none where the package is overridden; the one of arduino-iot-js names a
    repository. The lock says the version that is installed anyway."""
    folder = ROOT / "tests" / "clients" / "node"
    overridden = json.loads((folder / "package.json").read_text(encoding="utf-8"))["overrides"]
    lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    for entry in lock["packages"].values():
        for name, wanted_range in entry.get("dependencies", {}).items():
            if name in overridden:
                assert wanted_range == overridden[name]


def test_every_command_of_the_readme_is_there() -> None:
    named = set(re.findall(r"\bscripts/[a-z-]+", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).stat().st_mode & 0o100] == []
