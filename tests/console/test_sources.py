"""Boards on dashboards for those who may only look: by a link, and because it was shared with them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from rookery.core.dashboard_widgets import Widget
from rookery.core.events import of_device
from rookery.core.records import Dashboard, Device, Person
from tests.console.conftest import Browser, Room, refused
from tests.fakes import FakeBoard, settled

HEX = "0123456789abcdef01234567"
AWAY = "The board is not connected, or did not answer in time."


def widget(number: int, kind: str, name: str, device: str = HEX) -> Widget:
    source = {"device": device, "kind": kind, "name": name, "type": "FLOAT"}
    id = f"00000000-0000-4000-8000-00000000000{number}"
    return Widget(id=id, type="Value", x=0, y=number, width=4, height=1, options={"source": source})


class Scene:
    """A dashboard with a variable, a function and an event of a board that is there."""

    def __init__(self, room: Room, owner: Person, device: Device, dashboard: Dashboard, token: str) -> None:
        self.room = room
        self.owner = owner
        self.device = device
        self.dashboard = dashboard
        self.token = token
        self.board = FakeBoard(device)
        self.board.variables = {"level": 7, "secret": 42}
        self.board.functions = {"light": lambda _argument: 1}
        room.services.boards.arrived(self.board)

    @classmethod
    async def of(cls, room: Room) -> Scene:
        owner = await room.person()
        who = await room.who(owner)
        device = await room.services.enrolment.enrol(
            HEX, "particle", "argon", space_id=who.space_id, person_id=who.person_id
        )
        widgets = [widget(1, "variable", "level"), widget(2, "function", "light"), widget(3, "event", "door/open")]
        dashboard = await room.services.dashboards.create(who, name="Porch", widgets=widgets)
        link = await room.services.dashboard_links.make(who, dashboard.id)
        return cls(room, owner, device, dashboard, link.token)

    async def linked(self, kind: str, name: str, device: str = HEX) -> Any:
        path = f"shared/{self.token}/sources/{device}/{kind}?name={quote(name, safe='')}"
        return await self.room.browser().api("GET", path)

    async def shared(self, browser: Browser, kind: str, name: str) -> Any:
        path = f"dashboards/{self.dashboard.id}/sources/{HEX}/{kind}?name={quote(name, safe='')}"
        return await browser.api("GET", path)

    async def guest(self) -> Browser:
        """Somebody with whom it is shared."""
        guest = await self.room.person("guest@example.org")
        who = await self.room.who(self.owner)
        await self.room.services.dashboard_shares.share(who, self.dashboard.id, [guest.id])
        return self.room.browser(await self.room.session(guest))

    async def publish(self, name: str, data: bytes, **more: Any) -> None:
        self.room.clock.turn(1)
        event = of_device(self.device, name=name, data=data, time=self.room.services.events.now(), **more)
        self.room.services.events.publish(event, self.device.events)
        await settled()


async def test_a_value_is_read_once_for_all_who_look(room: Room) -> None:
    scene = await Scene.of(room)
    guest = await scene.guest()
    first = await scene.linked("variable", "level")
    asked = room.clock.now() // 1_000
    assert (first.status_code, first.json()) == (200, {"value": 7, "time": asked})
    scene.board.variables["level"] = 8
    room.clock.turn(9)
    for answer in (await scene.linked("variable", "level"), await scene.shared(guest, "variable", "level")):
        assert answer.json() == {"value": 7, "time": asked}
    room.clock.turn(1)
    assert (await scene.linked("variable", "level", HEX.upper())).json() == {"value": 8, "time": asked + 10_000}
    assert scene.board.asked == [("read", "level")] * 2


async def test_nothing_else_of_the_board_is_told_and_nothing_is_called(room: Room) -> None:
    scene = await Scene.of(room)
    guest = await scene.guest()
    for kind, name in (
        ("variable", "secret"),
        ("variable", "light"),
        ("variable", "door/open"),
        ("variable", ""),
        ("event", "level"),
        ("event", "door"),
        ("function", "light"),
        ("x", "level"),
    ):
        assert refused(await scene.linked(kind, name))[:2] == (404, "not_found"), (kind, name)
        assert refused(await scene.shared(guest, kind, name))[:2] == (404, "not_found"), (kind, name)
    for device in ("x", "f" * 24, scene.device.id):
        assert refused(await scene.linked("variable", "level", device))[:2] == (404, "not_found")
    path = f"shared/{scene.token}/sources/{HEX}"
    for address in (f"{path}/variable?name=level", f"{path}/function?name=light"):
        assert refused(await room.browser().api("POST", address, {"arg": "on"}))[0] in (404, 405)
    assert scene.board.asked == []


async def test_a_board_that_is_away_says_so_once(room: Room) -> None:
    scene = await Scene.of(room)
    guest = await scene.guest()
    scene.board.deaf = True
    for answer in (await scene.linked("variable", "level"), await scene.shared(guest, "variable", "level")):
        assert refused(answer)[:2] == (504, "board_away")
        assert answer.json()["message"] == AWAY
    assert scene.board.asked == [("read", "level")]
    room.services.boards.left(scene.board)
    room.clock.turn(10)
    assert refused(await scene.linked("variable", "level"))[:2] == (504, "board_away")
    assert scene.board.asked == [("read", "level")]


async def test_a_variable_that_the_board_does_not_have(room: Room) -> None:
    scene = await Scene.of(room)
    del scene.board.variables["level"]
    assert refused(await scene.linked("variable", "level"))[:2] == (404, "name_unknown")


async def test_it_ends_with_the_widget_and_with_the_link(room: Room) -> None:
    scene = await Scene.of(room)
    guest = await scene.guest()
    who = await room.who(scene.owner)
    assert (await scene.shared(guest, "variable", "level")).status_code == 200
    await room.services.dashboards.update(who, scene.dashboard.id, widgets=[widget(3, "event", "door/open")])
    assert refused(await scene.linked("variable", "level"))[:2] == (404, "not_found"), "though it is remembered"
    assert refused(await scene.shared(guest, "variable", "level"))[:2] == (404, "not_found")
    assert (await scene.linked("event", "door/open")).status_code == 200
    (link,) = await room.services.dashboard_links.of(who, scene.dashboard.id)
    await room.services.dashboard_links.withdraw(who, scene.dashboard.id, link.id)
    assert refused(await scene.linked("event", "door/open"))[:2] == (404, "not_found")
    assert (await scene.shared(guest, "event", "door/open")).status_code == 200


async def test_who_has_no_part_in_the_dashboard_gets_nothing(room: Room) -> None:
    scene = await Scene.of(room)
    other = await room.signed_in("other@example.org")
    for kind, name in (("variable", "level"), ("event", "door/open")):
        assert refused(await scene.shared(other, kind, name))[:2] == (404, "not_found")
        assert refused(await scene.shared(room.browser(), kind, name))[:2] == (401, "signed_out")
    assert scene.board.asked == []


async def test_the_events_of_one_name_are_there_with_what_they_say(room: Room) -> None:
    scene = await Scene.of(room)
    guest = await scene.guest()
    await scene.publish("door/open", b"yes")
    await scene.publish("window", b"hidden")
    await scene.publish("door/open", b"\xff", format=42)
    answer = await scene.linked("event", "door/open")
    now = room.clock.now() // 1_000
    assert answer.json() == {
        "events": [
            {"name": "door/open", "time": now, "data": "/w==", "binary": True},
            {"name": "door/open", "time": now - 2_000, "data": "yes"},
        ]
    }
    assert (await scene.shared(guest, "event", "door/open")).json() == answer.json()
