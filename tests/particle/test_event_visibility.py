"""Who hears an event (reference 8.4): its two tables, row by row, in both modes of the server.

Two products take part, one of a person (P) and one of an organisation (Q), because only the second has all streams.

| Name | Who |
|---|---|
| U | the person who owns P and the organisation |
| M | a member of P's team |
| V | a stranger |
| C, D | customers of P |
| E | a customer of Q |
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from rookery.core.events import of_device
from rookery.core.records import Bearer, Device, Product, Role
from tests.fakes import FakeBoard, connect, settled
from tests.particle.api.conftest import World, world_of
from tests.particle.api.fleets import ARGON, device_id
from tests.particle.api.test_streams import Listener

NAME = "weather/now"

BOARDS = {
    "sandbox": (None, "U"),
    "claimed by owner": ("P", "U"),
    "claimed by member": ("P", "M"),
    "claimed by C": ("P", "C"),
    "claimed by D": ("P", "D"),
    "unclaimed": ("P", ""),
    "of Q, claimed by U": ("Q", "U"),
    "of Q, claimed by E": ("Q", "E"),
    "of Q, unclaimed": ("Q", ""),
    "of V": (None, "V"),
    "of nobody": (None, ""),
}
"""Product and owner of each board. All are connected, and have subscribed."""


@dataclass
class Stage:
    """Everybody, and everything they have."""

    world: World
    tokens: dict[str, str]
    products: dict[str, Product]
    boards: dict[str, FakeBoard]

    async def says(self, origin: str) -> None:
        """`board: <name>`, `user: <name>`, `product: <name>`, `as: <name of a board>` or `hook: <name of a board>`."""
        kind, _, name = origin.partition(": ")
        body: dict[str, Any] = {"name": NAME, "data": "rain"}
        if kind in ("board", "hook"):
            device = self.boards[name].device
            event = self.event_of(device)
            if kind == "hook":
                event = msgspec.structs.replace(event, only_device=device.id)
            self.world.services.events.publish(event, device.events)
        elif kind == "user":
            await self.post("/v1/devices/events", body, self.tokens[name])
        elif kind == "product":
            await self.post(f"/v1/products/{self.products[name].number}/events", body)
        else:
            device = self.boards[name].device
            product = next(p for p in self.products.values() if p.id == device.product_id)
            body["as_device_id"] = device.hex_id
            await self.post(f"/v1/products/{product.number}/events", body)
        await settled()

    def event_of(self, device: Device) -> Any:
        """What the device side makes of an event of this board."""
        event = of_device(device, name=NAME, data=b"rain", time=self.world.services.events.now())
        for product in self.products.values():
            if product.id == device.product_id:
                more = {"product_number": product.number, "organisation_id": product.space_id}
                event = msgspec.structs.replace(event, **more)
        return event

    async def post(self, path: str, body: dict[str, Any], token: str = "") -> None:
        answer = await self.world.call("POST", path, body, token=token or self.world.token)
        assert (answer.status_code, answer.json()) == (200, {"ok": True})


@asynccontextmanager
async def stage(fleet_wide: bool = False) -> AsyncIterator[Stage]:
    """The curtain rises."""
    async with world_of() as world:
        services = world.services
        services.events.fleet_wide = fleet_wide
        space = await services.people.organisation("Acme", world.person)
        who = await services.people.principal(world.person.id)
        products = {
            "P": await services.products.create(who, world.person.id, name="P", platform=ARGON),
            "Q": await services.products.create(who, space.id, name="Q", platform=ARGON),
        }
        owners = {"": "", "U": world.person.id}
        tokens = {"U": world.token}
        for name in ("M", "V"):
            person, tokens[name] = await world.somebody(f"{name}@rookery.test")
            owners[name] = person.id
        await services.teams.join(products["P"].id, "M@rookery.test", Role.EDITOR)
        for name, product in (("C", "P"), ("D", "P"), ("E", "Q")):
            customer = await services.customers.create(products[product], name, None)
            owners[name] = customer.id
            tokens[name] = await world.token_of(customer.id, Bearer.CUSTOMER)
        boards = {}
        for number, (name, (place, owner)) in enumerate(BOARDS.items()):
            product_id = products[place].id if place is not None else None
            device = await services.enrolment.enrol(
                device_id(number), "particle", "particle", product_id=product_id, platform=ARGON
            )
            boards[name] = connect(services, await services.claims.give(device, owners[owner]))
            services.events.subscribers.set(boards[name], ["weather/"])
        yield Stage(world, tokens, products, boards)


STREAMS = {
    "U": ("/v1/devices/events", "U"),
    "M": ("/v1/devices/events", "M"),
    "V": ("/v1/devices/events/weather", "V"),
    "C": ("/v1/devices/events", "C"),
    "D": ("/v1/devices/events", "D"),
    "E": ("/v1/devices/events", "E"),
    "P": ("/v1/products/p-v1/events", "U"),
    "Q": ("/v1/products/q-v1/events", "U"),
    "org": ("/v1/orgs/acme/events", "U"),
}
"""Path of each stream, and who opens it."""

SEEN: dict[str, set[str]] = {
    # device, sandbox, claimed by U
    "board: sandbox": {"U"},
    # device in product, unclaimed
    "board: unclaimed": {"P"},
    "board: of Q, unclaimed": {"Q", "org"},
    # device in product, claimed by U (owner/team member)
    "board: claimed by owner": {"U", "P"},
    "board: claimed by member": {"M", "P"},
    "board: of Q, claimed by U": {"U", "Q", "org"},
    # device in product, claimed by customer
    "board: claimed by C": {"C", "P"},
    "board: of Q, claimed by E": {"E", "Q", "org"},
    # POST /v1/devices/events
    "user: U": {"U"},
    "user: M": {"M"},
    "user: C": {"C", "P"},
    "user: E": {"E", "Q", "org"},
    # POST /v1/products/:p/events
    "product: P": {"U", "P"},
    "product: Q": {"Q", "org"},
    # same with as_device_id
    "as: claimed by C": {"C", "P"},
    "as: claimed by owner": {"U", "P"},
    "as: unclaimed": {"P"},
    "as: of Q, claimed by E": {"E", "Q", "org"},
    "as: of Q, unclaimed": {"Q", "org"},
    # device, unclaimed, no product
    "board: of nobody": set(),
    "board: of V": {"V"},
}
"""First table: on which streams an event is seen."""


@pytest.mark.parametrize("fleet_wide", [False, True])
@pytest.mark.parametrize("origin", SEEN)
async def test_streams(origin: str, fleet_wide: bool) -> None:
    async with stage(fleet_wide) as all_of_it:
        world = all_of_it.world
        listeners = {name: Listener() for name in STREAMS}
        tasks = []
        for name, (path, who) in STREAMS.items():
            scope = {
                "type": "http",
                "method": "GET",
                "path": path,
                "raw_path": path.encode(),
                "query_string": b"",
                "headers": [(b"authorization", f"Bearer {all_of_it.tokens[who]}".encode())],
                "client": ("192.0.2.1", 1),
            }
            listener = listeners[name]
            tasks.append(asyncio.ensure_future(world.app(scope, listener.receive, listener.send)))
        await settled()
        await all_of_it.says(origin)
        for listener in listeners.values():
            listener.gone.set_result(None)
        await asyncio.wait_for(asyncio.gather(*tasks), 5)
        assert {listener.status for listener in listeners.values()} == {200}
        assert {name for name, listener in listeners.items() if listener.names} == SEEN[origin]
        assert all(len(listener.names) <= 1 for listener in listeners.values())


OWNERS = {"sandbox", "claimed by owner", "of Q, claimed by U"}
"""Boards of one owner, wherever they are."""
ALL_OF_P = {"claimed by owner", "claimed by member", "claimed by C", "claimed by D", "unclaimed"}
ALL_OF_Q = {"of Q, claimed by U", "of Q, claimed by E", "of Q, unclaimed"}

HEARD: dict[str, tuple[set[str], set[str]]] = {
    # device/API of same owner
    "board: sandbox": (OWNERS, OWNERS),
    "board: claimed by owner": (OWNERS, OWNERS),
    "user: U": (OWNERS, OWNERS),
    "board: claimed by member": ({"claimed by member"}, {"claimed by member"}),
    "user: M": ({"claimed by member"}, {"claimed by member"}),
    "board: claimed by C": ({"claimed by C"}, {"claimed by C"}),
    "user: C": ({"claimed by C"}, {"claimed by C"}),
    "user: D": ({"claimed by D"}, {"claimed by D"}),
    "user: E": ({"of Q, claimed by E"}, {"of Q, claimed by E"}),
    "as: claimed by C": ({"claimed by C"}, {"claimed by C"}),
    # POST /v1/products/:p/events
    "product: P": ({"claimed by owner"}, ALL_OF_P),
    # U has made Q for the organisation, which owns no boards itself.
    "product: Q": ({"of Q, claimed by U"}, ALL_OF_Q),
    # hook-response to its own event
    "hook: sandbox": ({"sandbox"}, {"sandbox"}),
    "hook: claimed by owner": ({"claimed by owner"}, {"claimed by owner"}),
    "hook: claimed by C": ({"claimed by C"}, {"claimed by C"}),
    "hook: unclaimed": (set(), {"unclaimed"}),
    # another product device's event
    "board: unclaimed": (set(), set()),
    "as: unclaimed": (set(), set()),
    "board: of nobody": (set(), set()),
    "board: of V": ({"of V"}, {"of V"}),
}
"""Second table: which boards hear an event that they have subscribed to, by the older rule (the default) and by that of
2023."""


@pytest.mark.parametrize("fleet_wide", [False, True])
@pytest.mark.parametrize("origin", HEARD)
async def test_boards(origin: str, fleet_wide: bool) -> None:
    async with stage(fleet_wide) as all_of_it:
        await all_of_it.says(origin)
        heard = {name: board.heard for name, board in all_of_it.boards.items() if board.heard}
        assert set(heard) == HEARD[origin][fleet_wide]
        for events in heard.values():
            assert [(event.name, event.data) for event in events] == [(NAME, b"rain")]


async def test_other_names_are_not_heard() -> None:
    async with stage() as all_of_it:
        await all_of_it.post("/v1/devices/events", {"name": "weather", "data": "x"})
        await all_of_it.post("/v1/devices/events", {"name": "Weather/now", "data": "x"})
        await settled()
        assert not any(board.heard for board in all_of_it.boards.values())


async def test_a_board_that_changes_hands_hears_its_new_owner() -> None:
    async with stage() as all_of_it:
        services, board = all_of_it.world.services, all_of_it.boards["claimed by C"]
        await services.claims.unclaim(board.device)
        services.events.subscribers.set(board, ["weather/"])
        await all_of_it.says("user: C")
        assert board.heard == []
        await services.claims.give(board.device, all_of_it.world.person.id)
        services.events.subscribers.set(board, ["weather/"])
        await all_of_it.says("user: C")
        await all_of_it.says("user: U")
        await all_of_it.says("product: P")
        assert [event.owner_id for event in board.heard] == [all_of_it.world.person.id] * 2
