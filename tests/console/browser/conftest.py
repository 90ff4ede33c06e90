"""A browser and a cloud for the tests of the console.

`cloud` is a sandbox that all tests of a run share; `own_cloud` starts one for the test alone. `page` is a fresh browser
window that fails its test when a script throws, when the content security policy refuses something, or when anything
is asked of another host. `signed_in` is the same with the owner signed in. `boards` are two simulated boards of each
dialect that run as long as the tests do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from rookery.testing.sandbox import Sandbox, running_sandbox
from tests.clients.chromium import require_chromium
from tests.console.browser.house import EMAIL, PASSWORD, House
from tests.console.browser.looking import AXE, DESKTOP, PATIENCE, Watch

expect.set_options(timeout=PATIENCE)

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Ends with the tests of this folder: as long as it is there, the thread has a running event loop, and no test of
    another folder could run one of its own."""
    program = require_chromium()
    if not AXE.exists():
        if os.environ.get("CI"):
            pytest.fail("axe-core is not installed, and CI must look at pages with it.", pytrace=False)
        pytest.skip("axe-core is not installed (scripts/setup-node console): pages are NOT tested.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def cloud() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path / "data") as sandbox:
        yield sandbox


@contextmanager
def simulated(cloud: Sandbox, *, arduino: int, particle: int) -> Iterator[list[dict[str, Any]]]:
    """Boards that run until the end of the block: `id`, `name`, `dialect`, `transport` of each."""
    command = [sys.executable, "-m", "rookery", "simulate", "--data-dir", str(cloud.data_dir)]
    command += ["--user", cloud.user.email, "--arduino", str(arduino), "--particle", str(particle)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="session")
def boards(cloud: Sandbox) -> Iterator[list[dict[str, Any]]]:
    with simulated(cloud, arduino=2, particle=2) as running:
        yield running


@contextmanager
def window(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """A new window with cookies of its own; watched as `page` is."""
    context = browser.new_context(base_url=url, viewport=DESKTOP, **options)
    context.set_default_timeout(PATIENCE)
    watch = Watch(context, url)
    try:
        yield context.new_page()
        watch.check()
    finally:
        context.close()


@pytest.fixture
def page(chromium: Browser, cloud: Sandbox) -> Iterator[Page]:
    with window(chromium, cloud.http) as opened:
        yield opened


def sign_in(context: BrowserContext, email: str, password: str | None) -> None:
    """As the form does it, without the form."""
    own = {"sec-fetch-site": "same-origin"}
    answer = context.request.post("/console/api/session", data={"email": email, "password": password}, headers=own)
    assert answer.ok, answer.text()


@pytest.fixture
def signed_in(page: Page, cloud: Sandbox) -> Page:
    sign_in(page.context, cloud.user.email, cloud.user.password)
    return page


@pytest.fixture
def someone(cloud: Sandbox) -> Callable[[str], tuple[str, str]]:
    """Adds a person: gives the address, comes back with address and password."""

    def add(email: str) -> tuple[str, str]:
        password = "nest on the north wall"
        command = [sys.executable, "-m", "rookery", "user", "add", email, "--data-dir", str(cloud.data_dir)]
        subprocess.run([*command, "--password-stdin"], input=password, check=True, capture_output=True, text=True)
        return email, password

    return add


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server that a test may end and start again; whoever does leaves it running."""
    found = House(tmp_path_factory.mktemp("house") / "data")
    try:
        found.move_in()
        yield found
    finally:
        found.kill()


@pytest.fixture
def at_home(chromium: Browser, house: House) -> Iterator[Page]:
    """A window of the owner of the house."""
    with window(chromium, house.url) as opened:
        sign_in(opened.context, EMAIL, PASSWORD)
        yield opened
