"""The connection log of a board, over both dialects and all transports."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rookery.particle.platforms import Transport
from rookery.simulate.particle import make_key
from tests.console.boards import arduino, arduino_device, particle, until_so
from tests.console.watching import PATIENCE, Someone
from tests.serving import serving

HEX = "5e0000000000000000000042"


async def log_of(ada: Someone, id: str) -> list[dict[str, Any]]:
    """Newest first."""
    async with ada.browser() as browser:
        entries: list[dict[str, Any]] = (await browser.get(f"devices/{id}/connections")).json().get("entries", [])
    return entries


async def test_an_arduino_board_comes_is_refused_and_goes(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        device = await arduino_device(ada)
        async with ada.tab() as tab:
            await tab.subscribe(f"device/{device.id}")
            await tab.until("presence")
            async with arduino(server, device.id):
                told = await tab.until("journal")
                assert (told["kind"], told["transport"]) == ("connected", "tls")
            assert (await tab.until("journal"))["kind"] == "disconnected"
            async with arduino(server, device.id, secret="another secret"):
                told = await tab.until("journal")
                assert told["kind"] == "refused"
                assert told["reason"].startswith("The id or the secret key is wrong.")

        async def written() -> bool:
            return len(await log_of(ada, device.id)) >= 3

        await until_so(written)
        entries = await log_of(ada, device.id)
        assert [entry["kind"] for entry in entries[-3:]] == ["refused", "disconnected", "connected"]
        assert all(entry["address"].startswith("127.0.0.1:") for entry in entries)
        assert entries[-2]["reason"] == "The board said goodbye."


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_a_particle_board_comes_and_goes_and_an_impostor_is_refused(tmp_path: Path, transport: Transport) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        code = await ada.services.claims.code(ada.person.id)
        async with particle(server, HEX, transport, claim_code=code.text) as board:
            async with asyncio.timeout(PATIENCE):
                await board.connected()
                await board.claimed()

        async def gone() -> bool:
            entries = await log_of(ada, HEX)
            return bool(entries) and entries[0]["kind"] == "disconnected"

        await until_so(gone)
        entries = await log_of(ada, HEX)
        assert [(entry["kind"], entry["transport"]) for entry in entries] == [
            ("disconnected", f"coap-{transport}"),
            ("connected", f"coap-{transport}"),
        ]
        assert entries[0]["reason"].startswith("The board said goodbye") or transport == "tcp"
        async with particle(server, HEX, transport, key=make_key(transport)):

            async def refused() -> bool:
                return bool((await log_of(ada, HEX))[0]["kind"] == "refused")

            await until_so(refused)
        assert "key" in (await log_of(ada, HEX))[0]["reason"]


async def test_pages_of_the_log_and_boards_of_others(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        bob = await Someone.signed_in(server, "bob@example.org")
        device = await ada.services.devices.create(ada.who, "arduino", "giga")
        for number in range(5):
            ada.services.journal.connected(device, "tls", f"192.0.2.{number}:1")

        async def written() -> bool:
            return len(await log_of(ada, device.id)) == 5

        await until_so(written)
        async with ada.browser() as browser:
            first = (await browser.get(f"devices/{device.hex_id}/connections?limit=2")).json()["entries"]
            assert [entry["address"] for entry in first] == ["192.0.2.4:1", "192.0.2.3:1"]
            assert (await browser.get(f"devices/{device.id}/connections?limit=0")).status_code == 400
        async with bob.browser() as browser:
            assert (await browser.get(f"devices/{device.id}/connections")).status_code == 404
