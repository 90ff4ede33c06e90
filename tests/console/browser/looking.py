"""What every test of a page asks: is it quiet, is it accessible, what does it look like."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request

DESKTOP: Any = {"width": 1280, "height": 800}
PHONE: Any = {"width": 390, "height": 844}
PATIENCE = 15_000
"""Milliseconds in which something has to show: far more than it takes on an idle machine."""
ROOT = Path(__file__).parents[3]
AXE = ROOT / "tools" / "console" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = "CONSOLE_PICTURES"
"""The environment variable with the folder for pictures; without it none are taken. Not `ROOKERY_…`: those are settings
of the server, which refuses one that it does not know."""


class Watch:
    """Collects what no page of ours may do."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self._url = url
        self._wrong: list[str] = []
        context.on("weberror", lambda error: self._wrong.append(f"thrown: {error.error}"))
        context.on("console", self._said)
        context.on("request", self._asked)

    def check(self) -> None:
        """Raise for what was seen."""
        assert not self._wrong, "\n".join(self._wrong)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and ("Content Security Policy" in message.text or "Refused to" in message.text):
            self._wrong.append(message.text)

    def _asked(self, request: Request) -> None:
        here = (self._url, self._url.replace("http", "ws", 1), "data:", "blob:")
        if not request.url.startswith(here):
            self._wrong.append(f"asked of another host: {request.url}")


def axe(page: Page, *, within: str = "body", without: tuple[str, ...] = ()) -> None:
    """Raise for every violation of WCAG 2.2 AA that axe finds."""
    source = AXE.read_text(encoding="utf-8")
    # Through the debugger, not as an element: the policy of the page holds for everybody else.
    page.evaluate(f"() => {{ if (!window.axe) {{ {source} }} }}")
    # Colours are measured when they have arrived; what turns for ever has no colour to wait for.
    page.evaluate(
        """() => Promise.allSettled(document.getAnimations()
            .filter((each) => each.playState === 'running' && isFinite(each.effect.getComputedTiming().endTime))
            .map((each) => each.finished))"""
    )
    told = page.evaluate(
        """([within, without]) => axe.run({include: [within], exclude: without},
            {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})""",
        [within, [[each] for each in without]],
    )
    found = [
        f"{wrong['id']} ({wrong['help']}): {node['html'][:160]} {node.get('failureSummary', '')}"
        for wrong in told["violations"]
        for node in wrong["nodes"]
    ]
    assert not found, "\n".join(found)


def theme(page: Page, scheme: Literal["light", "dark"]) -> None:
    """Show it as a viewer with this preference sees it."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")


def picture(page: Page, name: str) -> None:
    """Keep pictures of the page as it is now: light and dark, desktop and phone."""
    folder = os.environ.get(PICTURES)
    if not folder:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    for size, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
        page.set_viewport_size(viewport)
        for scheme in ("light", "dark"):
            theme(page, scheme)  # type: ignore[arg-type]
            page.wait_for_timeout(200)
            page.screenshot(path=Path(folder) / f"{name}-{size}-{scheme}.png", full_page=size == "desktop")
    page.set_viewport_size(DESKTOP)
    theme(page, "light")


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    wide: int = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


def gone(page: Page, selector: str) -> bool:
    """Whether nothing like this shows any more."""
    try:
        page.wait_for_selector(selector, state="hidden")
    except Error:
        return False
    return True
