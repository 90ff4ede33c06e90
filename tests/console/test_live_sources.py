"""Boards on dashboards, live: by a link, and for a person with whom one was shared."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rookery.console import live_socket
from rookery.core.dashboard_widgets import Widget
from rookery.core.events import Event
from rookery.core.records import Dashboard, Device
from tests.console.boards import until_so
from tests.console.watching import Someone, Tab, looking
from tests.fakes import FakeBoard
from tests.serving import serving

HEX = "0123456789abcdef01234567"
KINDS = (("variable", "level"), ("function", "light"), ("event", "door/open"))


def widget(number: int, kind: str, name: str) -> Widget:
    source = {"device": HEX, "kind": kind, "name": name, "type": "FLOAT"}
    id = f"00000000-0000-4000-8000-00000000000{number}"
    return Widget(id=id, type="Value", x=0, y=number, width=4, height=1, options={"source": source})


class Scene:
    """A board of Ada's, and her dashboard with something of each kind of it."""

    def __init__(self, ada: Someone, device: Device, dashboard: Dashboard) -> None:
        self.ada = ada
        self.device = device
        self.dashboard = dashboard
        self.topics = [self.topic(kind, name) for kind, name in KINDS]

    @classmethod
    async def of(cls, ada: Someone) -> Scene:
        device = await ada.services.enrolment.enrol(
            HEX, "particle", "argon", space_id=ada.person.id, person_id=ada.person.id
        )
        widgets = [widget(place, kind, name) for place, (kind, name) in enumerate(KINDS)]
        return cls(ada, device, await ada.services.dashboards.create(ada.who, name="Porch", widgets=widgets))

    def topic(self, kind: str, name: str, device: str = HEX) -> str:
        return f"dashboard-source/{self.dashboard.id}/{device}/{kind}/{name}"

    def tell(self, name: str, data: bytes | None = b"yes", **more: Any) -> None:
        told = {"source": HEX, "owner_id": self.ada.person.id, "device_id": self.device.id, "product_id": "hidden"}
        told |= {"time": 1_700_000_000_000_000} | more
        self.ada.services.events.tell(Event(name=name, data=data, **told))

    async def show(self, *places: int) -> None:
        """Leave only these of the widgets."""
        widgets = [widget(place, *KINDS[place]) for place in places]
        await self.ada.services.dashboards.update(self.ada.who, self.dashboard.id, widgets=widgets)


@pytest.fixture(autouse=True)
def never_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends has to end because it was announced, not because everything is looked at again every ten seconds."""
    monkeypatch.setattr("rookery.console.live_hub.TEND_SECONDS", 3_600.0)


async def refused(tab: Tab, *topics: str) -> None:
    """These are not for this tab."""
    await tab.subscribe(*topics)
    for topic in topics:
        error = await tab.until("error")
        assert (error["t"], error["status"]) == (topic, 404)


async def test_a_link_hears_what_its_widgets_name_and_nothing_else(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        scene = await Scene.of(ada)
        other = await ada.services.dashboards.create(ada.who, name="Other", widgets=[widget(0, "variable", "level")])
        link = await ada.services.dashboard_links.make(ada.who, scene.dashboard.id)
        async with looking(server, f"share={link.token}") as tab:
            await refused(
                tab,
                scene.topic("event", "door"),
                scene.topic("event", "secret"),
                scene.topic("variable", "secret"),
                scene.topic("secret", "level"),
                scene.topic("variable", "level", "f" * 24),
                f"dashboard-source/{other.id}/{HEX}/variable/level",
                f"dashboard-source/{scene.dashboard.id}",
                "dashboard-source/",
                f"device/{scene.device.id}",
                f"device-events/{HEX}",
                "events/door",
            )
            await tab.subscribe(*scene.topics)
            for topic in scene.topics:
                assert await tab.next() == {"t": topic, "k": "presence", "online": False, "time": None}
            scene.tell("door/open/wide")
            scene.tell("door/open", owner_id="a former owner")
            scene.tell("door/open", device_id="another board")
            scene.tell("level")
            scene.tell("door/open")
            event = await tab.next()
            assert event == {
                "t": scene.topic("event", "door/open"),
                "k": "event",
                "name": "door/open",
                "time": 1_700_000_000_000,
                "data": "yes",
            }
            board = FakeBoard(scene.device)
            ada.services.boards.arrived(board)
            came = [await tab.next() for _ in KINDS]
            assert sorted(message["t"] for message in came) == sorted(scene.topics)
            assert {(message["k"], message["online"]) for message in came} == {("presence", True)}
            assert ada.services.events.interests == [ada.person.id]
        await until_so(lambda: asyncio.sleep(0, ada.services.events.interests == []))


async def test_it_ends_with_the_widget_the_board_and_the_link(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        scene = await Scene.of(ada)
        level, light, door = scene.topics
        link = await ada.services.dashboard_links.make(ada.who, scene.dashboard.id)
        async with looking(server, f"share={link.token}") as tab:
            await tab.subscribe(level, light, door)
            for topic in scene.topics:
                await tab.until("presence", topic)
            await scene.show(1, 2)
            error = await tab.next()
            assert (error["t"], error["k"], error["status"]) == (level, "error", 404)
            scene.tell("door/open")
            assert (await tab.next())["t"] == door
            await ada.services.claims.unclaim(scene.device)
            ended = [await tab.until("error") for _ in range(2)]
            assert sorted(message["t"] for message in ended) == sorted([light, door])
            await refused(tab, light, door)
            await ada.services.dashboard_links.withdraw(ada.who, scene.dashboard.id, link.link.id)
            assert await tab.close_code() == live_socket.LINK_OVER


async def test_a_person_listens_while_it_is_shared(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        bob = await Someone.signed_in(server, "bob@example.org")
        scene = await Scene.of(ada)
        level, _, door = scene.topics
        async with bob.tab() as tab:
            await refused(tab, *scene.topics)
            await ada.services.dashboard_shares.share(ada.who, scene.dashboard.id, [bob.person.id])
            await tab.subscribe(level, door)
            for topic in (level, door):
                await tab.until("presence", topic)
            await refused(tab, scene.topic("event", "secret"), f"device/{scene.device.id}")
            scene.tell("door/open", b"first")
            assert (await tab.until("event"))["data"] == "first"
            # The dashboard has no variable of a thing on it: that it changed is noticed all the same.
            await scene.show(0)
            assert (await tab.until("error"))["t"] == door
            await ada.services.dashboard_shares.unshare(ada.who, scene.dashboard.id, bob.person.id)
            assert (await tab.until("error"))["t"] == level
            await refused(tab, level)


async def test_its_owner_may_look_through_it_too_until_it_is_deleted(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        scene = await Scene.of(ada)
        door = scene.topics[2]
        async with ada.tab() as first, ada.tab() as second:
            for tab in (first, second):
                await tab.subscribe(door)
                await tab.until("presence", door)
            scene.tell("door/open", b"\xff\x00", format=42)
            for tab in (first, second):
                event = await tab.until("event")
                assert (event["data"], event["binary"]) == ("/wA=", True)
            await ada.services.dashboards.delete(ada.who, scene.dashboard.id)
            for tab in (first, second):
                assert (await tab.until("error"))["t"] == door


async def test_names_that_can_not_be_are_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        scene = await Scene.of(ada)
        async with ada.tab() as tab:
            await tab.subscribe(scene.topic("event", "x" * 600))
            assert (await tab.until("error"))["status"] == 400
