"""The checklist of somebody who connects a board, with boards that have one thing wrong each."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from rookery.console.doorway import OF_ACCOUNT
from rookery.particle.platforms import Transport
from rookery.simulate.particle import make_key
from tests.console.boards import arduino, arduino_device, particle, until_so
from tests.console.watching import PATIENCE, Someone, Tab
from tests.serving import serving

HEX = "5e0000000000000000000042"
NOBODY = "11111111-2222-4333-8444-555555555555"


def states(shown: dict[str, Any]) -> dict[str, str]:
    return {step["step"]: step["state"] for step in shown["steps"]}


def reason(shown: dict[str, Any], name: str) -> str:
    (found,) = (step.get("reason", "") for step in shown["steps"] if step["step"] == name)
    return str(found)


async def until_state(tab: Tab, name: str, state: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        while True:
            shown = await tab.until("doorway")
            if states(shown).get(name) == state:
                return shown


def dial_and_complain(port: int | None) -> None:
    """As boards with mbedTLS do it: say with an alert why the connection is given up."""
    with socket.create_connection(("127.0.0.1", port)) as sock, pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(sock, server_hostname="localhost")


async def test_an_arduino_board_goes_through_all_steps(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        device = await arduino_device(ada)
        async with ada.tab() as tab:
            await tab.subscribe(f"doorway/{device.id}")
            first = await tab.until("doorway")
            assert states(first) == dict.fromkeys(("tcp", "tls", "login", "discovery", "value"), "waiting")
            assert (first["device"], first["online"]) == (device.id, False)
            async with arduino(server, device.id):
                last = await until_state(tab, "value", "done")
                assert set(states(last).values()) == {"done"}
                assert last["online"] is True
                assert all(step["time"] for step in last["steps"])
                async with ada.browser() as browser:
                    asked = (await browser.get(f"devices/{device.hex_id}/doorway")).json()
                assert states(asked) == states(last)


async def test_a_board_without_a_thing_is_told_so(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        device = await arduino_device(ada, thing=False)
        async with ada.tab() as tab, arduino(server, device.id):
            await tab.subscribe(f"doorway/{device.id}")
            shown = await until_state(tab, "discovery", "failed")
            assert states(shown)["login"] == "done"
            assert "Make a thing" in reason(shown, "discovery")


async def test_a_wrong_secret_fails_at_the_log_in(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        device = await arduino_device(ada)
        async with ada.tab() as tab, arduino(server, device.id, secret="another secret"):
            await tab.subscribe(f"doorway/{device.id}")
            shown = await until_state(tab, "login", "failed")
            assert states(shown) | {"login": ""} == {
                "tcp": "done",
                "tls": "done",
                "login": "",
                "discovery": "waiting",
                "value": "waiting",
            }
            assert reason(shown, "login").startswith("The id or the secret key is wrong.")
            assert shown["attempts"][0]["claimed"] == device.id


async def test_a_board_that_does_not_trust_the_server_fails_at_tls(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        device = await arduino_device(ada)
        async with ada.tab() as tab, arduino(server, device.id, trusting=False):
            await tab.subscribe(f"doorway/{device.id}")
            shown = await until_state(tab, "tls", "failed")
            assert "do not trust" in reason(shown, "tls")
            assert shown["steps"][0]["port"] == server.ports.mqtts
            await asyncio.to_thread(dial_and_complain, server.ports.mqtts)
            async with asyncio.timeout(PATIENCE):
                while "The board does not trust this server's certificate." not in reason(shown, "tls"):
                    shown = await until_state(tab, "tls", "failed")


async def test_a_board_with_an_id_that_nobody_has_may_be_the_one(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        device = await arduino_device(ada)
        async with ada.tab() as tab, arduino(server, NOBODY):
            await tab.subscribe(f"doorway/{device.id}")
            shown = await until_state(tab, "login", "failed")
            assert shown["attempts"][0]["claimed"] == NOBODY


async def test_the_attempts_of_other_boards_are_not_taken_for_this_one(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        device, other = await arduino_device(ada), await arduino_device(ada)
        async with arduino(server, other.id, secret="another secret"):

            async def tried() -> bool:
                return any(attempt.failed for attempt in server.attempts)

            await until_so(tried)
            async with ada.browser() as browser:
                shown = (await browser.get(f"devices/{device.id}/doorway")).json()
        assert set(states(shown).values()) == {"waiting"}
        assert shown["attempts"] == []


async def test_strangers_from_elsewhere_are_shown_to_operators_only(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        bob = await Someone.signed_in(server, "bob@example.org")
        for somebody in (bob, ada):
            device = await arduino_device(somebody)
            server.attempts.begin("tls", "192.0.2.9:4711", 8884).fail("TLSV1_ALERT_UNKNOWN_CA")
            async with somebody.browser() as browser:
                shown = (await browser.get(f"devices/{device.id}/doorway")).json()
            assert states(shown)["tls"] == ("failed" if somebody is ada else "waiting")
            server.attempts.begin("tls", "127.0.0.1:4711", 8884).fail("TLSV1_ALERT_UNKNOWN_CA")
            async with somebody.browser() as browser:
                shown = (await browser.get(f"devices/{device.id}/doorway")).json()
            assert states(shown)["tls"] == "failed"


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_a_particle_board_that_nobody_knows_goes_through_all_steps(tmp_path: Path, transport: Transport) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        code = await ada.services.claims.code(ada.person.id)
        async with ada.tab() as tab:
            await tab.subscribe(f"doorway/{HEX}")
            first = await tab.until("doorway")
            assert (first["device"], set(states(first).values())) == (None, {"waiting"})
            async with particle(server, HEX, transport, claim_code=code.text) as board:
                shown = await until_state(tab, "discovery", "done")
                assert shown["device"]
                assert list(states(shown)) == [transport, "handshake", "login", "discovery", "value"]
                await board.publish("doorbell", "front")
                last = await until_state(tab, "value", "done")
                assert set(states(last).values()) == {"done"}


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_a_particle_board_with_the_key_of_another_server_fails_at_the_handshake(
    tmp_path: Path, transport: Transport
) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    other = rsa.generate_private_key(65_537, 2_048) if transport == "tcp" else ec.generate_private_key(ec.SECP256R1())
    wrong = other.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        async with ada.tab() as tab, particle(server, HEX, transport, server_key=wrong):
            await tab.subscribe(f"doorway/{HEX}")
            shown = await until_state(tab, "handshake", "failed")
            assert "public key" in reason(shown, "handshake")


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_a_particle_board_with_another_key_than_the_registered_one_is_named(
    tmp_path: Path, transport: Transport
) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        async with particle(server, HEX, transport) as board:
            async with asyncio.timeout(PATIENCE):
                await board.connected()
        async with ada.tab() as tab, particle(server, HEX, transport, key=make_key(transport)):
            await tab.subscribe(f"doorway/{HEX}")
            async with asyncio.timeout(PATIENCE):
                while True:
                    shown = await tab.until("doorway")
                    failed = [step for step in shown["steps"] if step["state"] == "failed"]
                    if failed:
                        break
            assert "key" in failed[0]["reason"]


async def test_nobody_watches_more_doorways_than_a_bench_has(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        async with ada.tab() as tab:
            await tab.subscribe(*(f"doorway/{number:024x}" for number in range(OF_ACCOUNT + 1)))
            error = await tab.until("error")
            assert (error["t"], error["status"]) == (f"doorway/{OF_ACCOUNT:024x}", 429)
            await tab.unsubscribe(f"doorway/{0:024x}")
            await tab.subscribe(f"doorway/{OF_ACCOUNT:024x}")
            while (await tab.until("doorway"))["t"] != f"doorway/{OF_ACCOUNT:024x}":
                pass


@pytest.mark.parametrize("id", ["x", "0" * 23, NOBODY])
async def test_words_that_are_no_ids_and_boards_of_others_have_no_doorway(tmp_path: Path, id: str) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        bob = await Someone.signed_in(server, "bob@example.org")
        device = await arduino_device(ada)
        async with bob.browser() as browser:
            for each in (id, device.id, device.hex_id):
                assert (await browser.get(f"devices/{each}/doorway")).status_code == 404
        async with bob.tab() as tab:
            await tab.subscribe(f"doorway/{id}", f"doorway/{device.id}")
            assert [(await tab.until("error"))["status"] for _ in range(2)] == [404, 404]
