"""The Arduino loop, with nobody's code but the vendor's at both ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from rookery.testing import Sandbox
from tests.clients.account import Account
from tests.clients.boards import begin, start_board, variables, verified
from tests.clients.node_program import start_script
from tests.clients.node_support import NodeEnvironment
from tests.clients.test_js_user import watch, with_key
from tests.clients.waiting import eventually

pytestmark = [pytest.mark.clients, pytest.mark.node]


def test_a_board_publishes_people_see_it_and_what_they_write_reaches_the_board(
    sandbox: Sandbox, account: Account, node: NodeEnvironment, tmp_path: Path
) -> None:
    device = account.new_device("loop board")
    thing = account.new_thing("loop", device)
    with (
        start_board(
            sandbox.mqtts,
            device,
            variables({"ratio": 20.25, "label": "alone"}),
            tmp_path,
            sync=False,
            tls=verified(sandbox),
        ) as board,
        start_script("arduino-iot-js.mjs", node, sandbox, tmp_path) as people,
    ):
        begin(board, thing, {"ratio": 20.25})
        account.wait_for_value(thing, "ratio", 20.25)
        people.order("connect", session="me", options=with_key(sandbox))
        # What goes to all who watch goes to the board as well. It must have taken that in before it is given something
        # to send: this client forgets what it has to send when it takes a message in.
        watch(people, "me", thing)
        board.wait("written", name="label")

        board.order("set", values={"ratio": 21.5})
        people.wait("value", session="me", name="ratio", value=21.5)
        # What a watcher has seen need not be on disk yet.
        account.wait_for_value(thing, "ratio", 21.5)
        eventually(lambda: account.history(thing, "ratio"), lambda seen: seen == [20.25, 21.5])

        account.publish(thing, "ratio", 22.0)
        board.wait("written", name="ratio", value=22.0)
        people.wait("value", session="me", name="ratio", value=22.0)
        assert board.order("get", names=["ratio"]) == {"ratio": 22.0}
        assert account.history(thing, "ratio") == [20.25, 21.5, 22.0]
