"""Calls of the APIs as the person of a page, to bring about what a test looks at; and parts of pages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page

from tests.console.browser.looking import PATIENCE


class Calls:
    """The person's session, without the page."""

    def __init__(self, page: Page, url: str) -> None:
        self._request = page.context.request
        self._url = url

    def iot(self, method: str, path: str, body: Any = None) -> Any:
        """The Arduino API: `/v2/things`."""
        return self._ask(method, f"/console/iot{path}", body)

    def v1(self, method: str, path: str, body: Any = None) -> Any:
        """The Particle API: `/devices`."""
        return self._ask(method, f"/console/v1{path}", body)

    def own(self, method: str, path: str, body: Any = None) -> Any:
        """The console's own: `devices`."""
        return self._ask(method, f"/console/api/{path}", body)

    def _ask(self, method: str, path: str, body: Any) -> Any:
        answer = self._request.fetch(self._url + path, method=method, data=body, headers={"Origin": self._url})
        assert answer.ok, f"{method} {path}: {answer.status} {answer.text()}"
        text = answer.text()
        return answer.json() if text and "json" in answer.headers.get("content-type", "") else text


def until(page: Page, ready: Callable[[], bool], patience: int = PATIENCE) -> None:
    """Look again until it is so; what happens outside of pages, no page tells of."""
    end = time.monotonic() + patience / 1_000
    while not ready():
        assert time.monotonic() < end, f"not so after {patience} ms"
        page.wait_for_timeout(100)


def panel(page: Page, title: str) -> Locator:
    """The part of the page with this heading."""
    return page.locator("section.panel").filter(has=page.get_by_role("heading", name=title, exact=True))


def code(page: Page, label: str | re.Pattern[str]) -> Locator:
    """The piece of program with this heading."""
    return (
        page.locator("figure.code")
        .filter(has=page.locator(".code-label").get_by_text(label, exact=True))
        .locator("pre")
    )
