"""The live connection: who comes in, what each topic says, and what happens to those who may not or do not read."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.exceptions import InvalidStatus

from rookery.console import live, live_socket
from rookery.core.bus import announce_device
from rookery.core.catalog import Delete
from rookery.core.events import Event
from rookery.core.records import Device, Member, Role
from rookery.server import Server
from tests.console.watching import Someone, looking
from tests.fakes import FakeBoard
from tests.serving import serving


def hub_of(server: Server) -> Any:
    assert server.console is not None
    return server.console.live.hub


async def test_values_come_after_a_snapshot_and_say_who_set_them(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        thing = await ada.thing("level", "silent")
        await ada.write(thing, 1)
        topic = f"thing/{thing.id}"
        async with ada.tab() as tab:
            hello = await tab.next()
            assert hello["k"] == "hello"
            assert hello["version"]
            await tab.subscribe(topic)
            snapshot = await tab.next()
            live_thing = await ada.services.live.get(thing.id)
            assert live_thing is not None
            level = live_thing.by_symbol["level"]
            assert snapshot == {
                "t": topic,
                "k": "snapshot",
                "v": [[level.record.id, level.time // 1_000, 1, None]],
                "board": None,
            }
            await ada.write(thing, 2)
            values = await tab.next()
            assert values == {"t": topic, "k": "values", "v": [[level.record.id, level.time // 1_000, 2, False]]}
            ada.services.ingest.accept(live_thing, [(level, 3, 1_700_000_000_123_456)])
            assert (await tab.next())["v"] == [[level.record.id, 1_700_000_000_123.456, 3, True]]
            await tab.unsubscribe(topic)
            await tab.subscribe("nonsense")
            await tab.until("error")
            assert not ada.services.bus.watched("values." + thing.id)


async def test_a_change_of_the_thing_and_its_board_are_told(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        device = await ada.services.devices.create(ada.who, "arduino", "giga")
        thing = await ada.thing("level")
        async with ada.tab() as tab:
            await tab.subscribe(f"thing/{thing.id}")
            assert (await tab.until("snapshot"))["board"] is None
            await ada.services.things.update(ada.who, thing.id, {}, device_id=device.id, change_device=True)
            assert (await tab.until("snapshot"))["board"] == {"id": device.id, "online": False, "time": None}
            board = FakeBoard(device)
            ada.services.boards.arrived(board)
            came = await tab.until("presence")
            assert (came["t"], came["online"]) == (f"thing/{thing.id}", True)
            ada.services.boards.left(board)
            assert (await tab.until("presence"))["online"] is False


async def test_who_loaded_a_board_before_learns_that_it_changed_since(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        device = await ada.services.devices.create(ada.who, "arduino", "giga")
        async with ada.browser() as browser, ada.tab() as tab:
            path = f"devices/{device.id}"
            before = (await browser.get(path)).json()["version"]
            await ada.services.devices.update(ada.who, device.id, {"name": "roof"})
            await tab.subscribe(f"device/{device.id}")
            told = (await tab.until("presence"))["version"]
            assert told > before
            assert told == (await browser.get(path)).json()["version"]


async def test_a_deleted_thing_says_so(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        thing = await ada.thing("level")
        async with ada.tab() as tab:
            await tab.subscribe(f"thing/{thing.id}")
            await tab.until("snapshot")
            await ada.services.things.delete(ada.who, thing.id)
            error = await tab.until("error")
            assert (error["t"], error["status"]) == (f"thing/{thing.id}", 404)


async def test_what_belongs_to_others_does_not_exist(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        bob = await Someone.signed_in(server, "bob@example.org")
        thing = await ada.thing("level")
        device = await ada.services.devices.create(ada.who, "arduino", "giga")
        async with bob.tab() as tab:
            topics = [
                f"thing/{thing.id}",
                f"device/{device.id}",
                f"device-events/{device.hex_id}",
                "thing/x",
                "device/",
            ]
            await tab.subscribe(*topics)
            for topic in topics:
                error = await tab.until("error")
                assert (error["t"], error["status"]) == (topic, 404)
            await tab.subscribe("what?", "thing/" + "x" * 9_000)
            assert [(await tab.until("error"))["status"] for _ in range(2)] == [400, 400]


async def test_who_loses_a_part_in_a_space_hears_no_more(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        bob = await Someone.signed_in(server, "bob@example.org")
        space = await ada.services.people.organisation("Nest", ada.person)
        await ada.services.people.join(space.id, bob.person.id, Role.VIEWER)
        bob.who = await ada.services.people.principal(ada.person.id, space.id)
        thing = await bob.thing("level")
        async with bob.tab(f"space={bob.person.id}") as tab, bob.tab(f"space={space.id}") as second:
            await tab.subscribe(f"thing/{thing.id}")
            await tab.until("snapshot")
            await second.until("hello")
            await _leave(server, space.id, bob.person.id)
            hub_of(server)._renew(hub_of(server).sockets)
            assert (await tab.until("error"))["status"] == 404
            assert await second.close_code() == live_socket.OVER


async def _leave(server: Server, space_id: str, person_id: str) -> None:
    await server.core.catalog.apply(Delete(Member, f"{space_id}/{person_id}"))


async def test_a_session_that_is_revoked_ends_its_connections(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        async with ada.tab() as tab:
            await tab.until("hello")
            await ada.services.tokens.revoke_all(ada.person.id)
            assert await tab.close_code() == live_socket.OVER
        assert hub_of(server).counters.sockets == 0
        async with ada.tab() as tab:
            assert await tab.close_code() == live_socket.OVER


@pytest.mark.parametrize("headers", [{}, {"cookie": "rookery_session="}, {"cookie": "rookery_session=' OR 1"}])
async def test_nobody_is_shown_anything(tmp_path: Path, headers: dict[str, str]) -> None:
    async with serving(tmp_path) as server, looking(server, **headers) as tab:
        assert await tab.close_code() == live_socket.OVER


async def test_a_page_of_another_site_does_not_come_in(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        with pytest.raises(InvalidStatus) as refused:
            async with ada.tab(origin="https://elsewhere.example"):
                pass
        assert refused.value.response.status_code == 403
        assert hub_of(server).counters.refused == 1


async def test_the_boards_of_a_space_come_and_go(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        bob = await Someone.signed_in(server, "bob@example.org")
        mine = await ada.services.devices.create(ada.who, "arduino", "giga", name="mine")
        theirs = await ada.services.devices.create(bob.who, "arduino", "giga")
        async with ada.tab() as tab:
            await tab.subscribe("devices", f"device/{mine.hex_id}")
            await tab.until("presence")
            ada.services.boards.arrived(FakeBoard(theirs))
            ada.services.boards.arrived(FakeBoard(mine))
            seen: dict[str, Any] = {}
            while len(seen) < 2:
                message = await tab.next()
                seen[message["t"]] = message
            assert seen["devices"]["device"] == mine.id
            assert [seen[topic]["online"] for topic in ("devices", f"device/{mine.hex_id}")] == [True, True]
            await ada.services.devices.update(ada.who, mine.id, {"name": "porch"})
            assert {(await tab.until("changed"))["t"] for _ in range(2)} == set(seen)
            fresh = await ada.services.devices.create(ada.who, "arduino", "giga")
            assert (await tab.until("changed"))["device"] == fresh.id


async def test_very_many_changes_are_told_as_one(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        device = await ada.services.devices.create(ada.who, "arduino", "giga")
        async with ada.tab() as tab:
            await tab.subscribe("devices", "nonsense")
            await tab.until("error")
            for number in range(600):
                announce_device(ada.services.bus, _other(device, number))
            assert await tab.until("changed") == {"t": "devices", "k": "changed"}


def _other(device: Device, number: int) -> Device:
    return msgspec.structs.replace(device, id=f"{number:032x}")


async def test_events_come_to_their_topics_once(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        device = await ada.services.devices.create(ada.who, "arduino", "giga")
        async with ada.tab() as tab:
            await tab.subscribe("events/door", f"device-events/{device.id}", "nonsense")
            await tab.until("error")
            told: dict[str, Any] = {"source": device.hex_id, "owner_id": ada.person.id, "device_id": device.id}
            told["time"] = 1_700_000_000_000_000
            ada.services.events.tell(Event(name="door/open", data=b"yes", **told))
            both = [await tab.until("event") for _ in range(2)]
            assert sorted(message["t"] for message in both) == [f"device-events/{device.id}", "events/door"]
            assert {message["id"] for message in both} == {both[0]["id"]}
            shown = both[0] | {"t": "", "id": ""}
            assert shown == {
                "t": "",
                "k": "event",
                "id": "",
                "name": "door/open",
                "data": "yes",
                "type": "text/plain",
                "format": 0,
                "device": device.id,
                "source": device.hex_id,
                "product": None,
                "time": 1_700_000_000_000,
            }
            ada.services.events.tell(Event(name="window", data=b"\xff\x00", format=42, **told))
            window = await tab.until("event")
            assert (window["t"], window["binary"]) == (f"device-events/{device.id}", True)
            assert base64.b64decode(window["data"]) == b"\xff\x00"
            ada.services.events.tell(Event(name="door/x", source="api", owner_id="somebody else", time=0))
            ada.services.events.tell(Event(name="door/mine", source="api", owner_id=ada.person.id, time=0))
            assert (await tab.until("event"))["name"] == "door/mine"
        assert ada.services.events.interests == []


async def test_too_many_topics_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rookery.console.live_hub.TOPICS", 2)
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        async with ada.tab() as tab:
            await tab.subscribe("events/a", "events/b", "events/c", "events/a")
            error = await tab.until("error")
            assert (error["t"], error["status"]) == ("events/c", 429)


async def test_too_many_tabs_of_one_person_are_told_to_try_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "ACCOUNT_SOCKETS", 1)
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        bob = await Someone.signed_in(server, "bob@example.org")
        async with ada.tab() as first:
            await first.until("hello")
            async with ada.tab() as second:
                assert await second.close_code() == live_socket.FULL
            async with bob.tab() as other:
                assert (await other.next())["k"] == "hello"


@pytest.mark.parametrize("said", ["{", "[]", '{"subscribe":"x"}', '{"subscribe":[1]}', "x" * 70_000, b"{}"])
async def test_nonsense_is_answered_and_nothing_else_happens(tmp_path: Path, said: str | bytes) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        async with ada.tab() as tab:
            await tab.until("hello")
            await tab.socket.send(said)
            assert (await tab.next())["status"] == 400
            await tab.subscribe("events")
            ada.services.events.tell(Event(name="still", source="api", owner_id=ada.person.id, time=0))
            await tab.subscribe("nonsense")
            await tab.until("error")


async def test_the_server_says_that_it_stops(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        async with ada.tab() as tab:
            await tab.until("hello")
            await server.stop()
            assert await tab.close_code() == live_socket.STOPPING
