"""Backups and other long works over the console's own API, up to a server that runs on what was restored."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rookery.console.work import REMEMBERED, Works
from rookery.core.ids import Identifiers
from rookery.storage import backup as module
from rookery.storage.backup import restore
from tests.console.boards import until_so
from tests.console.watching import Someone
from tests.fakes import ManualClock
from tests.serving import serving


async def test_a_backup_is_made_watched_downloaded_restored_and_deleted(tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as server:
        ada = await Someone.signed_in(server)
        thing = await ada.thing("level")
        await ada.write(thing, 42)
        async with ada.browser() as browser, ada.tab() as tab:
            await tab.subscribe("work")
            assert (await tab.until("work"))["works"] == []
            begun = await browser.post("backups")
            assert begun.status_code == 202
            states: list[dict[str, Any]] = []
            while not states or states[-1]["state"] == "running":
                (work,) = (await tab.until("work"))["works"]
                states.append(work)
            assert (states[-1]["state"], states[-1]["done"]) == ("done", states[-1]["total"])
            assert (await browser.get("work")).json()["works"] == [states[-1]]
            shown = (await browser.get("backups")).json()
            assert shown["running"] is None
            (backup,) = shown["backups"]
            assert backup["name"] == states[-1]["message"]
            file = await browser.get("backups/" + backup["name"])
            assert file.headers["content-disposition"] == f'attachment; filename="{backup["name"]}"'
            assert len(file.content) == backup["bytes"] == int(file.headers["content-length"])
            head = await browser.head("backups/" + backup["name"])
            assert (head.content, head.headers["content-length"]) == (b"", str(backup["bytes"]))
            archive = tmp_path / backup["name"]
            archive.write_bytes(file.content)
            assert (await browser.delete("backups/" + backup["name"])).status_code == 204
            assert (await browser.delete("backups/" + backup["name"])).status_code == 404
            assert (await browser.get("backups/" + backup["name"])).status_code == 404
    await asyncio.to_thread(restore, archive, tmp_path / "again")
    async with serving(tmp_path / "again") as server:
        live = await server.core.services.live.get(thing.id)
        assert live is not None
        assert live.by_symbol["level"].value == 42
        # The session is in it as well, and so is what signs and seals.
        ada.server = server
        async with ada.browser() as browser:
            assert (await browser.get("backups")).json()["backups"] == []


async def test_one_at_a_time_and_a_failure_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SPARE", 1 << 60)
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        assert server.console is not None
        async with ada.browser() as browser:
            first, second = await asyncio.gather(browser.post("backups"), browser.post("backups"))
            assert sorted((first.status_code, second.status_code)) in ([202, 202], [202, 409])

            async def failed() -> bool:
                works = (await browser.get("work")).json()["works"]
                return all(work["state"] == "failed" for work in works)

            await until_so(failed)
            assert "no room" in (await browser.get("work")).json()["works"][0]["message"]
            server.console.backups.running = server.console.works.begin("backup", "one that goes on")
            assert (await browser.post("backups")).status_code == 409
            assert (await browser.get("backups")).json()["running"]["state"] == "running"


async def test_backups_are_for_operators_and_works_for_whose_they_are(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        bob = await Someone.signed_in(server, "bob@example.org")
        assert server.console is not None
        server.console.works.begin("import", "Bob's import", owner=bob.person.id)
        server.console.works.begin("backup", "Backup of all data")
        async with bob.browser() as browser, bob.tab() as tab:
            for method, path in (("GET", ""), ("POST", ""), ("GET", "/x"), ("DELETE", "/x")):
                assert (await browser.request(method, "backups" + path)).status_code == 403
            assert [work["label"] for work in (await browser.get("work")).json()["works"]] == ["Bob's import"]
            await tab.subscribe("work")
            assert [work["label"] for work in (await tab.until("work"))["works"]] == ["Bob's import"]
        async with ada.browser() as browser:
            assert len((await browser.get("work")).json()["works"]) == 2


@pytest.mark.parametrize("name", ["..%2fkeys%2fpepper", "rookery.toml", "%2e%2e"])
async def test_names_of_other_files_lead_nowhere(tmp_path: Path, name: str) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        async with ada.browser() as browser:
            assert (await browser.get("backups/" + name)).status_code == 404
            assert (await browser.delete("backups/" + name)).status_code == 404


async def test_a_server_that_stops_gives_its_backup_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        monkeypatch.setattr(module, "STEP_PAGES", 1)
        assert server.console is not None
        async with ada.browser() as browser:
            await browser.post("backups")
        await server.stop()
        (work,) = server.console.works
        assert work.state in ("failed", "done")
    assert not list((tmp_path / "backups").glob("*.partial"))


def test_works_that_have_ended_are_forgotten_at_last() -> None:
    works = Works(Identifiers(lambda size: bytes(size)), ManualClock())
    kept = works.begin("import", "goes on")
    seen = 0

    def watch() -> None:
        nonlocal seen
        seen += 1

    works.watchers.add(watch)
    counter = iter(range(1, 1_000))
    works._ids = Identifiers(lambda size: next(counter).to_bytes(size, "big"))
    for _ in range(REMEMBERED + 10):
        work = works.begin("import", "short")
        work.progress(1, 2)
        work.end("done")
        work.end("again", failed=True)
        assert (work.state, work.message, work.done) == ("done", "done", 2)
    assert len(list(works)) == REMEMBERED + 1
    assert list(works)[-1] is kept
    assert seen == 3 * (REMEMBERED + 10)
