"""`arduino-iot-cloud`, the vendor's Python device client, unmodified, with its secret key and with a certificate.

Both of its modes, and both ways in which it does TLS: as it comes (checking nothing, naming no server), and checking.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rookery.testing import Sandbox
from tests.clients.account import Account, Device, Thing
from tests.clients.boards import begin, start_board, take_over, variables, verified
from tests.clients.program import Program
from tests.clients.waiting import eventually

pytestmark = pytest.mark.clients

VALUES: dict[str, Any] = {
    "count": 7,
    "ratio": 3.25,
    "flag": True,
    "label": "hello",
    "lamp": {"swi": True, "hue": 120.0, "sat": 50.5, "bri": 75.0},
    "place": {"lat": 45.5, "lon": 9.25},
}
"""What a board starts with: one of every kind."""

OTHERS: dict[str, Any] = {
    "count": -12,
    "ratio": 4.0,
    "flag": False,
    "label": "",
    "lamp": {"swi": False, "hue": 0.0, "sat": 100.0, "bri": 1.0},
    "place": {"lat": -33.0, "lon": 151.25},
}
"""Other values of the same kinds: nothing, empty, and whole numbers where the type says float."""

both_modes = pytest.mark.parametrize("sync", [False, True], ids=["async", "sync"])
both_ways_of_tls = pytest.mark.parametrize("checking", [False, True], ids=["as it comes", "checking"])


def tls(sandbox: Sandbox, checking: bool) -> dict[str, Any]:
    """What the client is given as `ssl_params`."""
    return verified(sandbox) if checking else {}


def set_until_stored(board: Program, account: Account, thing: Thing, name: str) -> int:
    """Count up on the board until the server has one of the numbers, and return it.

    This client forgets a value whose sending failed, so one number alone may be lost with a connection.
    """
    numbers = itertools.count(1_000)

    def count_up() -> int:
        board.order("set", values={name: next(numbers)})
        return int(account.value(thing, name))

    return eventually(count_up, lambda seen: seen >= 1_000)


@both_ways_of_tls
@both_modes
def test_its_values_arrive(sandbox: Sandbox, account: Account, tmp_path: Path, sync: bool, checking: bool) -> None:
    device = account.new_device()
    thing = account.new_thing("board", device)
    with start_board(
        sandbox.mqtts, device, variables(VALUES), tmp_path, sync=sync, tls=tls(sandbox, checking)
    ) as board:
        begin(board, thing, VALUES)
        eventually(lambda: account.values(thing), lambda seen: seen == VALUES)
        assert account.online(device)
        board.order("set", values=OTHERS)
        seen = eventually(lambda: account.values(thing), lambda seen: seen == OTHERS)
        assert {name: type(value) for name, value in seen.items()} == {
            name: type(value) for name, value in OTHERS.items()
        }
    account.wait_for_online(device, False)
    assert account.history(thing, "count") == [7, -12]
    shown = account.call("GET", f"/iot/v2/devices/{device.id}")
    assert shown["lib_version"].startswith("1.")


@both_ways_of_tls
@both_modes
def test_what_the_cloud_writes_arrives(
    sandbox: Sandbox, account: Account, tmp_path: Path, sync: bool, checking: bool
) -> None:
    device = account.new_device()
    thing = account.new_thing("board", device)
    with start_board(
        sandbox.mqtts, device, variables(VALUES), tmp_path, sync=sync, tls=tls(sandbox, checking)
    ) as board:
        begin(board, thing, VALUES)
        eventually(lambda: account.values(thing), lambda seen: seen == VALUES)
        # In its other mode this client takes one message a second.
        for values in (OTHERS, VALUES) if sync else (OTHERS,):
            for name, value in values.items():
                account.publish(thing, name, value)
                board.wait("written", name=name, value=value)
            assert board.order("get", names=list(values)) == values
            assert account.values(thing) == values


@both_modes
def test_it_begins_with_the_last_values(sandbox: Sandbox, account: Account, tmp_path: Path, sync: bool) -> None:
    device = account.new_device()
    thing = account.new_thing("board", device)
    for name, value in OTHERS.items():
        account.publish(thing, name, value)
    with start_board(
        sandbox.mqtts, device, variables({}, uninitialised=list(OTHERS)), tmp_path, sync=sync, tls=verified(sandbox)
    ) as board:
        eventually(lambda: board.order("get", names=list(OTHERS)), lambda seen: seen == OTHERS)
        # An object keeps the type of its first value, so the next ones fit only if that was right.
        for name, value in VALUES.items():
            account.publish(thing, name, value)
            board.wait("written", name=name, value=value)


@both_modes
def test_it_comes_back_when_the_server_ended_the_connection(
    sandbox: Sandbox, account: Account, tmp_path: Path, sync: bool
) -> None:
    device = account.new_device()
    thing = account.new_thing("board", device)
    with start_board(
        sandbox.mqtts, device, variables({"count": 1}), tmp_path, sync=sync, tls=verified(sandbox)
    ) as board:
        begin(board, thing, {"count": 1})
        account.wait_for_value(thing, "count", 1)
        take_over(sandbox, device)
        account.wait_for_online(device, False)
        set_until_stored(board, account, thing, "count")
        account.publish(thing, "count", 5)
        board.wait("written", name="count", value=5)


@both_modes
def test_it_learns_of_a_thing_that_comes_later(sandbox: Sandbox, account: Account, tmp_path: Path, sync: bool) -> None:
    device = account.new_device()
    thing = account.new_thing("board")
    with start_board(
        sandbox.mqtts, device, variables({"count": 1}), tmp_path, sync=sync, tls=verified(sandbox)
    ) as board:
        account.wait_for_online(device)
        assert board.order("thing") is None
        account.attach(thing, device)
        begin(board, thing, {"count": 1})
        account.wait_for_value(thing, "count", 1)
        account.publish(thing, "count", 2)
        board.wait("written", name="count", value=2)


@both_modes
def test_a_wrong_secret_is_refused_until_it_is_right(
    sandbox: Sandbox, account: Account, tmp_path: Path, sync: bool
) -> None:
    device = account.new_device()
    thing = account.new_thing("board", device)
    mistaken = Device(device.id, "not-the-secret")
    with start_board(
        sandbox.mqtts, mistaken, variables({"count": 1}), tmp_path, sync=sync, tls=verified(sandbox)
    ) as board:
        # CONNACK return code 5, as this client reports it.
        board.wait("log", text="Connection failed 5, retrying...")
        assert not account.online(device)
        assert account.value(thing, "count") is None
        account.call("PUT", f"/iot/v2/devices/{device.id}/pass", {"password": mistaken.secret})
        begin(board, thing, {"count": 1})
        account.wait_for_value(thing, "count", 1)


@both_modes
def test_a_certificate_will_do_instead(sandbox: Sandbox, account: Account, tmp_path: Path, sync: bool) -> None:
    device = account.new_device()
    thing = account.new_thing("board", device)
    files = certificate_files(account, device, tmp_path)
    with start_board(
        sandbox.mqtts_cert,
        device,
        variables({"count": 1}),
        tmp_path,
        sync=sync,
        tls={**verified(sandbox), **files},
        with_secret=False,
    ) as board:
        begin(board, thing, {"count": 1})
        account.wait_for_value(thing, "count", 1)
        account.publish(thing, "count", 2)
        board.wait("written", name="count", value=2)


def test_a_disabled_certificate_will_not(sandbox: Sandbox, account: Account, tmp_path: Path) -> None:
    device = account.new_device()
    account.new_thing("board", device)
    files = certificate_files(account, device, tmp_path)
    (certificate,) = account.call("GET", f"/iot/v2/devices/{device.id}/certs")
    account.call("POST", f"/iot/v2/devices/{device.id}/certs/{certificate['id']}", {"enabled": False})
    with start_board(
        sandbox.mqtts_cert,
        device,
        variables({"count": 1}),
        tmp_path,
        sync=False,
        tls={**verified(sandbox), **files},
        with_secret=False,
    ) as board:
        board.wait("log", text="Connection failed 5, retrying...")
    assert not account.online(device)


def certificate_files(account: Account, device: Device, folder: Path) -> dict[str, str]:
    """Have a certificate made for a new key; the two files in this client's words."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device.id)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    made = account.call(
        "PUT",
        f"/iot/v2/devices/{device.id}/certs",
        {"ca": "Arduino_v2", "csr": request.public_bytes(serialization.Encoding.PEM).decode(), "enabled": True},
    )
    certificate = folder / "board.pem"
    certificate.write_text(made["pem"], encoding="ascii")
    private = folder / "board.key"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return {"certfile": str(certificate), "keyfile": str(private)}
