"""Connect a board, as somebody does it who has one: the page's own program and files bring real boards in."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import Locator, Page, Route, expect

from rookery.simulate.particle import make_device_id, make_key, virtual_board
from rookery.testing.sandbox import Sandbox
from tests.console.browser.calls import Calls, code
from tests.console.browser.looking import PHONE, axe, overflow, picture

ARRIVED = 30_000
"""Milliseconds for a board of a program that has to start first."""


@pytest.fixture
def calls(signed_in: Page, cloud: Sandbox) -> Calls:
    return Calls(signed_in, cloud.http)


def arrival(page: Page) -> Locator:
    return page.locator(".connect-list")


@contextmanager
def running(script: Path) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, script.name], cwd=script.parent, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def particle_board(device_id: str, server_key: bytes, cloud: Sandbox) -> Iterator[None]:
    """A board over UDP that runs in a thread until the end of the block."""
    loop = asyncio.new_event_loop()
    stopped = asyncio.Event()

    async def live() -> None:
        place = cloud.particle_udp
        board = virtual_board(device_id, make_key("udp"), server_key, place.host, place.port, variables={"level": 3})
        while not stopped.is_set():
            if board.online:
                board.emit("level", "3")
            await asyncio.sleep(0.2)
        board.stop()

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),))
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join()
        loop.close()


def test_the_models_are_found_by_name_and_with_the_keyboard(signed_in: Page) -> None:
    signed_in.goto("/console/connect")
    expect(signed_in.get_by_role("link", name="ESP32", exact=True)).to_be_visible()
    axe(signed_in)
    picture(signed_in, "connect")
    signed_in.keyboard.press("/")
    signed_in.keyboard.type("rp2040 nano")
    expect(signed_in.locator(".connect-model")).to_have_count(1)
    signed_in.get_by_label("Search boards").fill("toaster")
    expect(signed_in.get_by_text("No board has this name.")).to_be_visible()
    signed_in.get_by_role("button", name="Show all boards").click()
    signed_in.get_by_role("button", name="Particle").click()
    expect(signed_in.get_by_role("link", name="Photon 2, P2")).to_be_visible()
    signed_in.set_viewport_size(PHONE)
    assert overflow(signed_in) == 0


def test_a_python_board_is_created_runs_the_program_of_the_page_and_arrives(
    signed_in: Page, cloud: Sandbox, tmp_path: Path, calls: Calls
) -> None:
    signed_in.goto("/console/connect?model=python")
    signed_in.get_by_label("Name").fill("Attic & roof")
    axe(signed_in)
    signed_in.get_by_role("button", name="Create board").click()
    secret = signed_in.locator(".secret")
    key = secret.locator("code").nth(1).inner_text()
    signed_in.get_by_label("Name or address of this server").fill("localhost")
    list_ = arrival(signed_in)
    expect(list_).to_contain_text("Waiting for the board")
    program = code(signed_in, "board.py").inner_text()
    assert key in program
    axe(signed_in)
    picture(signed_in, "connect-python")
    (tmp_path / "board.py").write_text(program)
    (tmp_path / "ca.pem").write_text(code(signed_in, "ca.pem").inner_text())
    with running(tmp_path / "board.py"):
        expect(list_).to_contain_text("The board is connected and sends values.", timeout=ARRIVED)
        expect(list_.get_by_role("img", name="done")).to_have_count(5)
        picture(signed_in, "connect-arrived")
        secret.get_by_role("button", name="I have stored it").click()
        expect(secret).to_be_hidden()
        list_.get_by_role("link", name="Open the board").click()
        expect(signed_in.get_by_role("heading", name="Attic & roof")).to_be_visible()
        expect(signed_in.locator(".device-value").filter(has_text="temperature")).to_contain_text(re.compile(r"2\d"))
    signed_in.get_by_role("button", name="Actions").click()
    signed_in.get_by_role("menuitem", name="How to connect it").click()
    expect(signed_in.get_by_text("The secret key is shown only once")).to_be_visible()
    assert key not in code(signed_in, "board.py").inner_text()


def test_the_address_of_the_machine_comes_too_late_for_who_is_already_typing(signed_in: Page, calls: Calls) -> None:
    made = calls.iot("PUT", "/v2/devices", {"name": "slow line", "type": "generic_device_secretkey"})
    held: list[Route] = []
    signed_in.route("**/console/api/setup", lambda route: held.append(route))
    with signed_in.expect_request("**/console/api/setup"):
        signed_in.goto(f"/console/connect/{made['id']}?model=python")
    field = signed_in.get_by_label("Name or address of this server")
    with signed_in.expect_response("**/console/api/setup"):
        field.select_text()
        for route in held:
            route.continue_()
    expect(signed_in.locator(".connect-hosts")).to_be_visible()
    signed_in.keyboard.insert_text("rookery.example")
    expect(field).to_have_value("rookery.example")
    signed_in.unroute("**/console/api/setup")


def test_a_wrong_secret_is_named_in_the_list(signed_in: Page, tmp_path: Path, calls: Calls) -> None:
    made = calls.iot("PUT", "/v2/devices", {"name": "forgetful", "type": "generic_device_secretkey"})
    calls.iot("PUT", f"/v2/devices/{made['id']}/pass", {"password": "something else"})
    signed_in.goto(f"/console/connect/{made['id']}?model=python")
    signed_in.get_by_label("Name or address of this server").fill("localhost")
    (tmp_path / "board.py").write_text(code(signed_in, "board.py").inner_text())
    (tmp_path / "ca.pem").write_text(code(signed_in, "ca.pem").inner_text())
    with running(tmp_path / "board.py"):
        list_ = arrival(signed_in)
        expect(list_.get_by_role("img", name="failed")).to_be_visible(timeout=ARRIVED)
        expect(list_.locator(".is-failed small").first).to_have_text(re.compile("secret key", re.IGNORECASE))
        axe(signed_in)
        picture(signed_in, "connect-refused")


def test_a_board_with_a_secure_element_gets_its_certificate(signed_in: Page, calls: Calls) -> None:
    signed_in.goto("/console/connect?model=opta")
    signed_in.get_by_label("Name").fill("Boiler")
    signed_in.get_by_role("button", name="Create board").click()
    signed_in.wait_for_url(re.compile(r"/connect/[0-9a-f-]{36}"))
    id = re.findall(r"[0-9a-f-]{36}", signed_in.url)[0]
    request = signed_in.get_by_role("textbox", name="Certificate request")
    request.fill("-----BEGIN")
    signed_in.get_by_role("button", name="Sign it").click()
    expect(signed_in.get_by_text("Paste all of it")).to_be_visible()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, id)])
    made = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(name)
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    request.fill("Generated CSR is:\n\n" + made.public_bytes(serialization.Encoding.PEM).decode())
    signed_in.get_by_role("button", name="Sign it").click()
    answers = signed_in.locator(".connect-answers")
    expect(answers.locator("dd code")).to_have_count(8)
    kept = calls.iot("GET", f"/v2/devices/{id}/certs")[0]["compressed"]
    expect(answers).to_contain_text(kept["signature"])
    expect(answers.locator("dd code").nth(4)).to_have_text("31")
    assert "TA0_DN" in code(signed_in, "src/tls/BearSSLTrustAnchors.h").inner_text()
    assert "SECRET_DEVICE_KEY" not in code(signed_in, "arduino_secrets.h").inner_text()
    axe(signed_in)
    picture(signed_in, "connect-certificate")


def test_the_sketch_has_the_name_and_port_of_this_server(signed_in: Page, cloud: Sandbox) -> None:
    signed_in.goto("/console/connect?model=esp32")
    signed_in.get_by_label("Name").fill("Côte d'Azur 1")
    signed_in.get_by_role("button", name="Create board").click()
    address = signed_in.get_by_label("Name or address of this server")
    address.fill("https://wrong")
    expect(signed_in.get_by_text("without http:// and port")).to_be_visible()
    address.fill("cloud.example.org")
    names = signed_in.get_by_role("link", name="Open the settings")
    expect(names).to_have_attribute("href", "/console/settings/certificates")
    sketch = code(signed_in, "Cote_d_Azur_1.ino").inner_text()
    assert (
        f'ArduinoCloud.begin(ArduinoIoTPreferredConnection, true, "cloud.example.org", {cloud.mqtts.port});' in sketch
    )
    header = code(signed_in, "thingProperties.h").inner_text()
    assert "float temperature;" in header
    assert "onUpdate(onLedChange)" in header
    assert '"-----BEGIN CERTIFICATE-----\\n"' in code(signed_in, "src/tls/AIoTCUPCert.h").inner_text()
    signed_in.get_by_text("The way back to the vendor").click()
    expect(code(signed_in, "In the sketch")).to_contain_text("begin(ArduinoIoTPreferredConnection);")
    signed_in.set_viewport_size(PHONE)
    assert overflow(signed_in) == 0


def test_a_particle_board_is_pointed_here_watched_and_claimed(signed_in: Page, cloud: Sandbox) -> None:
    device_id = make_device_id(Random())
    signed_in.goto("/console/connect?model=particle-argon")
    field = signed_in.get_by_label("Device id")
    field.fill("not an id")
    signed_in.get_by_role("button", name="Watch for it").click()
    expect(signed_in.get_by_text("A device id has 24 digits")).to_be_visible()
    field.fill(device_id.upper())
    signed_in.get_by_role("button", name="Watch for it").click()
    list_ = arrival(signed_in)
    expect(list_).to_contain_text("Waiting for the board")
    signed_in.get_by_label("Name or address of this server").fill("cloud.example.org")
    with signed_in.expect_download() as download:
        signed_in.get_by_role("button", name="Download particle_ec.der").click()
    block = download.value.path().read_bytes()
    assert len(block) == 320
    assert b"cloud.example.org" in block
    axe(signed_in)
    picture(signed_in, "connect-particle")
    with particle_board(device_id, cloud.particle_server_key["ec"].read_bytes(), cloud):
        expect(list_).to_contain_text(re.compile("It is here|connected"), timeout=ARRIVED)
        signed_in.get_by_label("Name", exact=True).fill("weather-mast")
        signed_in.get_by_role("button", name="Claim it").click()
        signed_in.wait_for_url(re.compile(r"/connect/[0-9a-f-]{36}"))
        expect(signed_in.get_by_text("This board is yours.")).to_be_visible()
        expect(list_.get_by_role("link", name="Open the board")).to_be_visible(timeout=ARRIVED)
        list_.get_by_role("link", name="Open the board").click()
        expect(signed_in.get_by_role("heading", name="weather-mast")).to_be_visible()


def test_a_claim_code_is_made_and_counts_down(signed_in: Page) -> None:
    signed_in.goto("/console/connect?model=particle-p2")
    signed_in.get_by_text("Or with a claim code").click()
    signed_in.get_by_role("button", name="Make a claim code").click()
    text: Any = code(signed_in, re.compile("Valid for"))
    expect(text).to_have_text(re.compile(r"^[A-Za-z0-9+/]{63}$"))
