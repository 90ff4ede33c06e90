"""The boards of a space as the console lists and shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rookery.core.events import Event
from rookery.core.records import Device
from rookery.particle.device.module import build
from tests.console.boards import until_so
from tests.console.watching import Someone
from tests.fakes import FakeBoard
from tests.serving import serving

HEX = "0123456789abcdef01234567"


async def fleet(ada: Someone) -> dict[str, Device]:
    """An Arduino board with a thing, another one, and a Particle board with tags."""
    devices = ada.services.devices
    porch = await devices.create(ada.who, "arduino", "giga", name="Porch light", serial="SN-77")
    attic = await devices.create(ada.who, "arduino", "mkrwifi1010", name="attic")
    argon = await ada.services.enrolment.enrol(
        HEX, "particle", "argon", space_id=ada.person.id, person_id=ada.person.id, name="brave_heron", platform=12
    )
    await devices.set_tag(ada.who, argon.id, "floor", "2")
    await ada.thing("level", device_id=porch.id)
    return {device.name: device for device in (porch, attic, argon)}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["attic", "brave_heron", "Porch light"]),
        ("?sort=-name", ["Porch light", "brave_heron", "attic"]),
        ("?sort=created", ["Porch light", "attic", "brave_heron"]),
        ("?sort=-last_heard", ["attic", "brave_heron", "Porch light"]),
        ("?q=HERON", ["brave_heron"]),
        ("?q=porch+sn-77", ["Porch light"]),
        ("?q=0123456789ABCDEF", ["brave_heron"]),
        ("?q=floor:2", ["brave_heron"]),
        ("?q=nothing+like+it", []),
        ("?dialect=arduino", ["attic", "Porch light"]),
        ("?type=giga", ["Porch light"]),
        ("?online=true", ["attic"]),
        ("?online=false&dialect=arduino", ["Porch light"]),
        ("?tag=floor:2", ["brave_heron"]),
        ("?tag=floor", ["brave_heron"]),
        ("?tag=floor:3", []),
        ("?product=none", ["attic", "brave_heron", "Porch light"]),
        ("?product=x", []),
        ("?group=x", []),
        ("?per_page=2", ["attic", "brave_heron"]),
        ("?per_page=2&page=2", ["Porch light"]),
        ("?per_page=2&page=9", []),
    ],
)
async def test_a_list_is_searched_filtered_sorted_and_paged(tmp_path: Path, query: str, names: list[str]) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        boards = await fleet(ada)
        ada.services.boards.arrived(FakeBoard(boards["attic"]))
        async with ada.browser() as browser:
            answer = (await browser.get("devices" + query)).json()
        shown = [device["name"] for device in answer["devices"]]
        if "last_heard" in query:
            # Two were never heard of and stand in no order.
            assert (shown[0], set(shown)) == (names[0], set(names))
        else:
            assert shown == names
        assert answer["total"] == (3 if "per_page" in query else len(names))


async def test_a_board_in_a_list(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        porch = (await fleet(ada))["Porch light"]
        async with ada.browser() as browser:
            (shown,) = (await browser.get("devices?q=porch")).json()["devices"]
        thing = shown.pop("thing")
        assert thing["name"] == "porch"
        assert shown == {
            "id": porch.id,
            "hex_id": porch.hex_id,
            "dialect": "arduino",
            "name": "Porch light",
            "type": "giga",
            "platform": None,
            "online": False,
            "last_heard": None,
            "product": None,
            "groups": [],
            "tags": {},
            "owner": "ada@example.org",
        }


async def test_changes_are_seen_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        boards = await fleet(ada)
        async with ada.browser() as browser:
            assert (await browser.get("devices")).json()["total"] == 3
            await ada.services.devices.delete(ada.who, boards["attic"].id)
            await ada.services.devices.update(ada.who, boards["Porch light"].id, {"name": "Gate"})
            await ada.services.claims.unclaim(boards["brave_heron"])
            board = FakeBoard(boards["Porch light"])
            ada.services.boards.arrived(board)
            ada.services.boards.left(board)
            answer = (await browser.get("devices")).json()
            assert [(device["name"], device["online"]) for device in answer["devices"]] == [("Gate", False)]

            async def heard() -> bool:
                (device,) = (await browser.get("devices")).json()["devices"]
                return device["last_heard"] is not None

            # Its presence is a point, which has to be committed first.
            await until_so(heard)


@pytest.mark.parametrize(
    ("query", "field"),
    [("sort=size", "sort"), ("online=maybe", "online"), ("page=0", "page"), ("per_page=501", "per_page")],
)
async def test_a_wrong_question_names_its_field(tmp_path: Path, query: str, field: str) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        async with ada.browser() as browser:
            answer = await browser.get("devices?" + query)
        assert (answer.status_code, answer.json()["field"]) == (400, field)


@pytest.mark.parametrize("by", ["id", "hex_id"])
@pytest.mark.parametrize("name", ["Porch light", "brave_heron"])
async def test_one_board_by_either_id(tmp_path: Path, by: str, name: str) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        device = (await fleet(ada))[name]
        async with ada.browser() as browser:
            shown: dict[str, Any] = (await browser.get("devices/" + getattr(device, by).upper())).json()
        assert (shown["id"], shown["hex_id"], shown["name"]) == (device.id, device.hex_id, name)
        expected: dict[str, Any] = {"functions": [], "variables": {}}
        if name == "Porch light":
            expected = {"functions": ["level"], "variables": {"level": "int32"}}
        assert shown["described"] == expected
        assert (shown["secret"], shown["key"], shown["certificates"], shown["cellular"]) == (False, False, 0, False)


FIRMWARE = build(12, body=bytes(1_000))


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        (FIRMWARE, ""),
        (b"", "This file is no firmware of a Particle board: choose the .bin file that the compiler made."),
        (bytes(range(256)) * 100, "This file is no firmware of a Particle board: choose the .bin file that the"),
        (FIRMWARE[:-1] + b"!", "The checksum of the binary is wrong: it is damaged."),
        (FIRMWARE[:-8], "The binary is not as long as its header says"),
        (build(13, body=bytes(9)), "This firmware is for platform 13 (boron), and this board is platform 12 (argon)"),
        (build(999, body=bytes(9)), "This firmware is for platform 999, and this board is platform 12 (argon)"),
    ],
)
async def test_firmware_is_looked_at_before_it_is_sent(tmp_path: Path, file: bytes, problem: str) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        await fleet(ada)
        async with ada.browser() as browser:
            answer = await browser.post(f"devices/{HEX}/firmware", content=file)
            assert answer.json()["problem"].startswith(problem)
            assert bool(answer.json()["problem"]) == bool(problem)
            await ada.services.audit.close()
            # Nothing was changed, so nothing is told of it.
            told = (await browser.get("audit?q=firmware")).json()["entries"]
        assert told == []
        bob = await Someone.signed_in(server, "bob@example.org")
        async with bob.browser() as browser:
            assert (await browser.post(f"devices/{HEX}/firmware", content=file)).status_code == 404


async def test_the_events_of_a_board_newest_first(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        argon = (await fleet(ada))["brave_heron"]
        point = Event(name="door", data=b"open", source=HEX, device_id=argon.id, owner_id=ada.person.id, time=5_000)
        ada.services.events.publish(point, argon.events)

        async def stored() -> bool:
            return bool(await ada.services.events.history(argon.events, 0, 1 << 60, 1))

        await until_so(stored)
        async with ada.browser() as browser:
            answers = [(await browser.get(f"devices/{HEX}/events{q}")).json()["events"] for q in ("", "?before=5")]
            porch = (await browser.get("devices?q=porch")).json()["devices"][0]["id"]
            assert (await browser.get(f"devices/{porch}/events")).json() == {"events": []}
        assert [(one["name"], one["data"], one["time"], one["device"]) for one in answers[0]] == [
            ("door", "open", 5, argon.id)
        ]
        assert answers[1] == []


@pytest.mark.parametrize("what", ["", "/events"])
async def test_boards_of_others_and_words_that_are_no_ids_do_not_exist(tmp_path: Path, what: str) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        bob = await Someone.signed_in(server, "bob@example.org")
        await fleet(ada)
        async with bob.browser() as browser:
            assert (await browser.get("devices")).json()["total"] == 0
            for id in (HEX, HEX[:-1], "x", "%2e%2e"):
                assert (await browser.get(f"devices/{id}{what}")).status_code == 404
