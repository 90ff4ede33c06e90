"""`arduino-iot-js` as a board, unmodified: MQTT over TLS with a device's secret key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rookery.testing import Sandbox
from tests.clients.account import VARIABLES, Account, Device
from tests.clients.node_program import HOST, start_script
from tests.clients.node_support import NodeEnvironment
from tests.clients.program import Program, Refused
from tests.clients.test_js_user import FALSY, VALUES

pytestmark = [pytest.mark.clients, pytest.mark.node]


@pytest.fixture
def script(node: NodeEnvironment, sandbox: Sandbox, tmp_path: Path) -> Iterator[Program]:
    with start_script("arduino-iot-js.mjs", node, sandbox, tmp_path) as script:
        yield script


def options(sandbox: Sandbox, device: Device) -> dict[str, Any]:
    """The client makes `mqtts://mqtts-up.localhost:PORT` of it."""
    return {"host": HOST, "port": sandbox.mqtts.port, "deviceId": device.id, "secretKey": device.secret}


def test_its_values_are_stored_and_it_sees_what_people_write(
    script: Program, sandbox: Sandbox, account: Account
) -> None:
    device = account.new_device()
    thing = account.new_thing("js board", device)
    script.order("connect", session="board", options=options(sandbox, device))
    assert account.online(device)
    for name, _ in VARIABLES:
        script.order("watch", session="board", name=name)
    for values in (VALUES, FALSY):
        for name, value in values.items():
            script.order("send", session="board", name=name, value=value)
            account.wait_for_value(thing, name, value)
    # It sends in order, so what it subscribed to before holds by now.
    for name, value in VALUES.items():
        account.publish(thing, name, value)
        script.wait("value", session="board", name=name, value=value)
    script.order("disconnect", session="board")
    account.wait_for_online(device, False)


def test_a_device_without_a_thing_is_told_so(script: Program, sandbox: Sandbox, account: Account) -> None:
    device = account.new_device()
    with pytest.raises(Refused, match="no thing associated"):
        script.order("connect", session="board", options=options(sandbox, device))


def test_a_wrong_secret_is_refused(script: Program, sandbox: Sandbox, account: Account) -> None:
    device = account.new_device()
    account.new_thing("js board", device)
    with pytest.raises(Refused, match="not connected"):
        script.order("connect", session="board", options=options(sandbox, Device(device.id, "wrong")))
    assert not account.online(device)
