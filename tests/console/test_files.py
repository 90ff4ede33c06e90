"""The files of the web application: addresses, caching, policy, and nothing else."""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from rookery.console.app import ConsoleApp
from rookery.console.tree import TYPES, Tree
from tests.console.conftest import Room

MAP = '{"imports": {"preact": "/console/static/vendor/preact.js"}}'
INDEX = f"""<!doctype html>
<script type="importmap">{MAP}</script>
<link rel="stylesheet" href="/console/static/styles/base.css">
<script type="module" src="/console/static/app.js"></script>
"""
SCRIPT = "export const a = 1;\n" * 100


@pytest.fixture(autouse=True)
def tree(room: Room) -> None:
    (room.files / "index.html").write_text(INDEX)
    (room.files / "app.js").write_text(SCRIPT)
    (room.files / "small.css").write_text("a{}")
    (room.files / "secret.py").write_text("no file of the web")
    (room.files / "vendor").mkdir()
    (room.files / "vendor" / "mark.png").write_bytes(b"\x89PNG" * 400)
    (room.files.parent / "outside.js").write_text("outside")


async def base_of(room: Room) -> str:
    """Where the files of this version are."""
    found = re.search(r"/console/static/[0-9a-f]{16}/", (await room.browser().get("/console/")).text)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("path", ["/console", "/console/", "/console/devices/x", "/console/shared/abc", "/console/..x"])
async def test_every_page_is_the_same_document_with_a_strict_policy(room: Room, path: str) -> None:
    answer = await room.browser().get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    hashed = MAP.replace("/console/static/", await base_of(room))
    assert f'<script type="importmap">{hashed}</script>' in answer.text
    digest = base64.b64encode(hashlib.sha256(hashed.encode()).digest()).decode()
    assert answer.headers["content-security-policy"] == (
        f"default-src 'none'; script-src 'self' 'sha256-{digest}'; style-src 'self'; "
        "img-src 'self' data: blob: https:; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["cache-control"] == "no-cache"
    again = await room.browser().get(path, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/", "/console/", "/console/api/session", "/nothing", "/console/iot/x", "/ca.pem"])
async def test_every_answer_is_guarded(room: Room, path: str) -> None:
    headers = (await room.browser().get(path)).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "strict-transport-security" not in headers


async def test_files_are_kept_for_ever_and_packed_once(room: Room) -> None:
    base = await base_of(room)
    for path in ("app.js", "nothing.js"):
        headers = (await room.browser().get(base + path)).headers
        assert (headers["x-content-type-options"], headers["cross-origin-resource-policy"]) == (
            "nosniff",
            "same-origin",
        )
    plain = await room.browser().get(base + "app.js", headers={"accept-encoding": "identity"})
    packed = await room.browser().get(base + "app.js", headers={"accept-encoding": "gzip, br"})
    for answer in (plain, packed):
        assert (answer.status_code, answer.text) == (200, SCRIPT)
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["vary"] == "accept-encoding"
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) == len(gzip.compress(SCRIPT.encode(), 9, mtime=0))
    refusing = await room.browser().get(base + "app.js", headers={"accept-encoding": "br, gzip;q=0"})
    assert "content-encoding" not in refusing.headers
    page = await room.browser().get("/console/", headers={"accept-encoding": "gzip"})
    assert (page.headers["content-encoding"], "importmap" in page.text) == ("gzip", True)
    for path in ("small.css", "vendor/mark.png"):
        assert "content-encoding" not in (await room.browser().get(base + path)).headers


@pytest.mark.parametrize(
    "path",
    [
        "index.html",
        "secret.py",
        "nothing.js",
        "",
        "../outside.js",
        "..%2foutside.js",
        "%2e%2e/outside.js",
        "vendor/../../outside.js",
        "/etc/passwd",
        "//etc/passwd",
        "app.js/",
        "app.js%00.js",
        "vendor",
    ],
)
async def test_nothing_else_is_reachable(room: Room, path: str) -> None:
    answer = await room.browser().get(await base_of(room) + path)
    assert answer.status_code == 404
    assert "outside" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_another_version_of_the_tree_is_not_mixed_in(room: Room) -> None:
    assert (await room.browser().get(f"/console/static/{'0' * 16}/app.js")).status_code == 404
    before = await base_of(room)
    (room.files / "app.js").write_text(SCRIPT + "// new")
    assert await base_of(room) == before
    room.app = ConsoleApp(room.backend, folder=room.files)
    assert await base_of(room) != before


async def test_whoever_works_on_the_files_sees_them_change(room: Room) -> None:
    room.backend.settings = replace(room.backend.settings, console_reload=True)
    room.app = ConsoleApp(room.backend, folder=room.files)
    before = await base_of(room)
    (room.files / "app.js").write_text(SCRIPT + "// new")
    os.utime(room.files / "app.js", ns=(1, 1))
    assert await base_of(room) != before
    answer = await room.browser().get(before + "app.js")
    assert answer.text.endswith("// new")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/ca.pem", "/console/", "/console/devices.json", "/start/abc"])
async def test_pages_can_only_be_read(room: Room, path: str) -> None:
    answer = await room.browser().post(path, headers={"origin": "http://rookery.test"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_the_head_of_a_file(room: Room) -> None:
    answer = await room.browser().head(await base_of(room) + "app.js")
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) > 0


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/", "/console/"),
        ("/start/abcDEF1", "/console/start/abcDEF1"),
        ("/start/", "/console/"),
        ("/start//evil.test", "/console/start/-"),
        ("/start/a%0d%0ax", "/console/start/-"),
        ("/start/%C3%A9", "/console/start/-"),
    ],
)
async def test_short_addresses_lead_to_pages_of_this_server(room: Room, path: str, place: str) -> None:
    answer = await room.browser().get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, place)


async def test_the_authority_can_be_fetched(room: Room) -> None:
    answer = await room.browser().get("/ca.pem")
    assert (answer.headers["content-type"], answer.text) == (
        "application/x-pem-file",
        room.backend.keys.authority.pem,
    )


async def test_without_files_there_is_still_an_answer(room: Room, tmp_path: Path) -> None:
    room.app = ConsoleApp(room.backend, folder=tmp_path / "none")
    answer = await room.browser().get("/console/")
    assert (answer.status_code, "not here" in answer.text) == (200, True)


async def test_a_socket_that_nobody_serves_is_closed(room: Room) -> None:
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await room.app({"type": "websocket", "path": "/console/nothing", "headers": []}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1000}]


def test_what_the_package_brings_can_be_served() -> None:
    folder = Path(__file__).parents[2] / "src" / "rookery" / "console" / "static"
    kinds = {path.suffix for path in folder.rglob("*") if path.is_file() and "licences" not in path.parts}
    assert kinds <= set(TYPES)
    page = Tree(folder).page()
    assert b"/console/static/" in page.body
    assert page.policy.count("sha256-") == 1


def test_the_wheel_brings_all_of_them() -> None:
    root = Path(__file__).parents[2]
    packed = {Path(file.distribution_path) for file in WheelBuilder(str(root)).recurse_included_files()}
    static = root / "src" / "rookery" / "console" / "static"
    wanted = {path.relative_to(root / "src") for path in static.rglob("*") if path.is_file()}
    assert Path("rookery/console/static/index.html") in wanted
    assert wanted <= packed
