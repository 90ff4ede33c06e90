"""Files of history among the long works: how far they are, where they are, and who sees them."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from rookery.console.exports import LINK, ExportDesk
from rookery.console.work import Works
from rookery.core.ids import Identifiers
from tests.console.watching import Someone
from tests.core.test_exports import Desk
from tests.serving import serving


@pytest.fixture
async def desk() -> Desk:
    desk = Desk()
    await desk.furnish()
    return desk


async def test_a_work_follows_its_export(desk: Desk) -> None:
    await desk.fill(desk.variables[0], *range(5_000))
    works = Works(Identifiers(os.urandom), desk.clock)
    console = ExportDesk(desk.exports, works)
    seen: list[tuple[str, int, int | None]] = []

    def look() -> None:
        work = next(iter(works))
        seen.append((work.state, work.done, work.total))

    works.watchers.add(look)
    export = await desk.ask()
    await desk.exports.idle()
    assert seen[:3] == [("running", 0, None), ("running", 0, 0), ("running", 0, 5_000)]
    assert ("running", 2_000, 5_000) in seen
    (work,) = works.seen(desk.who, operator=False)
    assert (work["kind"], work["label"], work["unit"]) == ("export", "History of House / a", "values")
    assert (work["state"], work["done"], work["href"]) == ("done", 5_000, LINK + desk.exports.token(export))
    console.close()
    await desk.ask()
    await desk.exports.idle()
    assert len(works.seen(desk.who, operator=False)) == 1


async def test_one_that_fails_says_why(desk: Desk) -> None:
    works = Works(Identifiers(os.urandom), desk.clock)
    ExportDesk(desk.exports, works)
    desk.files.failure = RuntimeError("the inside")
    await desk.ask(ids=desk.ids[:2])
    await desk.exports.idle()
    (work,) = works.seen(desk.who, operator=False)
    assert (work["state"], work["label"]) == ("failed", "History of 2 variables")
    assert work["message"] == "Something went wrong on the server; its log says what."


async def test_whoever_asks_sees_the_work_and_finds_the_file(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        thing = await ada.thing("level")
        await ada.write(thing, 42)
        (variable,) = await server.core.services.variables.of(thing)
        body = {"properties": [variable.id], "from": "2000-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"}
        async with ada.browser() as browser, ada.tab() as tab:
            await tab.subscribe("work")
            assert (await tab.until("work"))["works"] == []
            asked = await browser.post(f"{server.url}/console/iot/v2/series/historic_data", json=body)
            assert asked.status_code == 202
            work: dict[str, Any] = {"state": "running"}
            while work["state"] == "running":
                (work,) = (await tab.until("work"))["works"]
            assert (work["state"], work["done"], work["total"]) == ("done", 1, 1)
            file = await browser.get(f"{server.url}{work['href']}")
            with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
                texts = [archive.read(name).decode() for name in archive.namelist()]
            assert any(text.rstrip().endswith(",42") for text in texts)
