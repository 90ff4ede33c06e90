"""The console in a browser: how much it loads, how soon it answers, and what it costs while boards talk.

Everything is measured in headless Chromium on the machine of the server, signed in as the owner. What a page loads is
counted as the browser counts it (compressed, with headers); processor time is that of all processes of the browser.
The hour of `console.heap` can be made shorter with `BENCH_CONSOLE_MINUTES`; the value is always growth an hour.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Page

from benchmarks._console import Metronome, WireBoard, chromium, cpu_seconds, signed_in, widget
from benchmarks._sandbox import Sandbox, sandbox

PAINT_GOAL = 150.0
"""kB, of 1,000 bytes."""
INTERACTIVE_GOAL = 1.0
CPU_GOAL = 30.0
LATENCY_GOAL = 100.0
HEAP_GOAL = 1.0
"""MB an hour: what the collector leaves behind at its worst moment is less."""
LOADS = 7
CHART_POINTS = 3_600
WIDGETS = 20
CHARTS = 4
RATE = 10.0
MESSAGES = 1_000
MESSAGE_RATE = 100.0
SECONDS = 20.0
WARM_SECONDS = 5.0

HOME_READY = """() => {
  const seen = document.querySelector('main h1') && document.querySelector('nav a[href^="/console/devices"]');
  return seen ? performance.now() : 0;
}"""


def result(value: float, unit: str, goal: float, details: dict[str, Any]) -> dict[str, Any]:
    """What a benchmark answers; smaller is better in all of them."""
    return {"value": value, "unit": unit, "goal": goal, "holds": value <= goal, "peers": {}, "details": details}


def paint() -> dict[str, Any]:
    """Bytes that Home transfers into an empty cache."""
    with sandbox() as server, chromium() as browser:
        context = signed_in(browser, server)
        page = context.new_page()
        sizes: list[float] = []
        debugger = context.new_cdp_session(page)
        debugger.send("Network.enable")
        debugger.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        page.goto("/console/", wait_until="networkidle")
        page.wait_for_function(HOME_READY)
        return result(round(sum(sizes) / 1_000, 1), "kB", PAINT_GOAL, {"requests": len(sizes)})


def interactive() -> dict[str, Any]:
    """Seconds from the navigation until Home shows its heading and its rail, with an empty cache."""
    taken: list[float] = []
    with sandbox() as server, chromium() as browser:
        for _ in range(LOADS):
            context = signed_in(browser, server)
            page = context.new_page()
            page.goto("/console/", wait_until="commit")
            ready = page.wait_for_function(HOME_READY, polling="raf").json_value()
            taken.append(ready / 1_000)
            # A click is answered: this is what "interactive" is for.
            page.click('nav a[href^="/console/devices"]')
            page.wait_for_url("**/console/devices")
            context.close()
    return result(round(statistics.median(taken), 3), "s", INTERACTIVE_GOAL, {"all": [round(t, 3) for t in taken]})


def busy_dashboard(server: Sandbox) -> tuple[WireBoard, str, list[str]]:
    """A board with a variable for each widget, the address of a dashboard that shows them, and their names."""
    names = [f"v{n}" for n in range(WIDGETS)]
    board = server.board("bench", dict.fromkeys(names, "FLOAT"))
    properties = {p["variable_name"]: p["id"] for p in server.call("GET", f"/iot/v2/things/{board.thing}/properties")}
    wire = WireBoard(server, board)
    begin = time.time() - CHART_POINTS
    for second in range(CHART_POINTS):
        wire.say({name: 20 + (second * (n + 7) % 97) / 8 for n, name in enumerate(names[:CHARTS])}, begin + second)
    widgets = [widget("Chart", 12 * (n % 2), 5 * (n // 2), 12, 5, properties[names[n]]) for n in range(CHARTS)]
    kinds = ("Value", "Gauge", "Percentage", "Value")
    for n in range(CHARTS, WIDGETS):
        place = n - CHARTS
        kind = kinds[place % len(kinds)]
        widgets.append(widget(kind, 3 * (place % 8), 10 + 3 * (place // 8), 3, 3, properties[names[n]], min=0, max=40))
    made = server.call("POST", "/iot/v3/dashboards", {"name": "busy", "widgets": widgets})
    return wire, f"/console/dashboards/{made['id']}?range=1h", names


def cpu() -> dict[str, Any]:
    """Per cent of one core that 20 widgets, 4 of them charts of an hour, take at 10 updates a second each."""
    with sandbox() as server, chromium() as browser:
        wire, address, names = busy_dashboard(server)
        page = signed_in(browser, server).new_page()
        page.goto(address, wait_until="networkidle")
        page.wait_for_selector(".uplot canvas")
        idle = share(lambda: page.wait_for_timeout(WARM_SECONDS * 1_000), WARM_SECONDS)
        beat = Metronome(RATE, lambda count: wire.say({name: 20 + (count + n) % 20 for n, name in enumerate(names)}))
        page.wait_for_timeout(WARM_SECONDS * 1_000)
        busy = share(lambda: page.wait_for_timeout(SECONDS * 1_000), SECONDS)
        beat.stop()
        charts = page.locator(".uplot canvas").count()
        wire.close()
    return result(round(busy, 1), "% of a core", CPU_GOAL, {"idle": round(idle, 1), "charts": charts})


def share(wait: Callable[[], None], seconds: float) -> float:
    """Per cent of one core that the browser takes meanwhile."""
    before, begin = cpu_seconds(), time.monotonic()
    wait()
    return 100 * (cpu_seconds() - before) / max(time.monotonic() - begin, seconds)


WATCH = """(id) => {
  const tile = document.querySelector(`[data-widget="${id}"]`);
  window.seen = new Map();
  const look = () => {
    const number = Number((tile.textContent.match(/\\d[\\d,.\\s]{3,}/) || [''])[0].replace(/\\D/g, ''));
    // After the next frame the value is on the screen, and not only in the tree.
    if (number && !window.seen.has(number)) {
      window.seen.set(number, 0);
      const drawn = () => window.seen.set(number, performance.timeOrigin + performance.now());
      requestAnimationFrame(() => setTimeout(drawn));
    }
  };
  new MutationObserver(look).observe(tile, { subtree: true, childList: true, characterData: true });
}"""


def latency() -> dict[str, Any]:
    """Milliseconds from a board's message to the pixel, at 100 messages a second, 99th percentile."""
    with sandbox() as server, chromium() as browser:
        board = server.board("latency", {"count": "INT"})
        (variable,) = server.call("GET", f"/iot/v2/things/{board.thing}/properties")
        value = widget("Value", 0, 0, 8, 4, variable["id"])
        made = server.call("POST", "/iot/v3/dashboards", {"name": "latency", "widgets": [value]})
        wire = WireBoard(server, board)
        page = signed_in(browser, server).new_page()
        page.goto(f"/console/dashboards/{made['id']}", wait_until="networkidle")
        page.wait_for_selector(f'[data-widget="{value["id"]}"]')
        page.evaluate(WATCH, value["id"])
        sent: dict[int, float] = {}

        def beat(count: int) -> None:
            if count < MESSAGES:
                sent[10_000 + count] = time.time() * 1_000
                wire.say({"count": 10_000 + count})

        clock = Metronome(MESSAGE_RATE, beat)
        page.wait_for_timeout(MESSAGES / MESSAGE_RATE * 1_000 + 2_000)
        clock.stop()
        seen: dict[int, float] = {int(k): v for k, v in page.evaluate("() => [...window.seen]")}
        wire.close()
    # Values that came between two frames were never drawn; the newest of a frame stands for them.
    taken = sorted(at - sent[number] for number, at in seen.items() if at and number in sent)
    details = {"drawn": len(taken), "sent": len(sent), "p50": round(statistics.median(taken), 1)}
    return result(round(taken[int(len(taken) * 0.99)], 1), "ms", LATENCY_GOAL, details)


def heap() -> dict[str, Any]:
    """Megabytes an hour by which the heap grows while the busy dashboard streams."""
    minutes = float(os.environ.get("BENCH_CONSOLE_MINUTES", "60"))
    with sandbox() as server, chromium() as browser:
        wire, address, names = busy_dashboard(server)
        context = signed_in(browser, server)
        page = context.new_page()
        page.goto(address, wait_until="networkidle")
        beat = Metronome(RATE, lambda count: wire.say({name: 20 + (count + n) % 20 for n, name in enumerate(names)}))
        page.wait_for_timeout(min(60.0, minutes * 12) * 1_000)
        step = minutes * 60 / 20
        sizes = [used(context, page)]
        for _ in range(20):
            page.wait_for_timeout(step * 1_000)
            sizes.append(used(context, page))
        beat.stop()
        wire.close()
    slope = statistics.linear_regression([n * step / 3_600 for n in range(len(sizes))], sizes).slope
    return result(round(slope, 3), "MB/h", HEAP_GOAL, {"minutes": minutes, "sizes": [round(size, 2) for size in sizes]})


def used(context: BrowserContext, page: Page) -> float:
    """Megabytes of the heap after a collection."""
    debugger = context.new_cdp_session(page)
    debugger.send("HeapProfiler.enable")
    debugger.send("HeapProfiler.collectGarbage")
    size = float(debugger.send("Runtime.getHeapUsage")["usedSize"])
    debugger.detach()
    return size / 1e6


BENCHES = {
    "console.paint": paint,
    "console.interactive": interactive,
    "console.cpu": cpu,
    "console.latency": latency,
    "console.heap": heap,
}
