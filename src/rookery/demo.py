"""Simulated boards in the server's own process, over the same wire as all others: for whoever has none at hand.

They belong to the person who starts them, are made known once, and run until they are stopped or the server is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import structlog

from rookery.core.clock import Clock
from rookery.core.dashboard_widgets import linked
from rookery.core.errors import CoreError, Precondition
from rookery.core.records import Bearer, Dashboard, Device, Person, Thing, Variable
from rookery.core.services import Services
from rookery.demo_dashboard import NAME as DASHBOARD
from rookery.demo_dashboard import make_dashboard
from rookery.keys import BoardKeys

if TYPE_CHECKING:
    from pathlib import Path

    from rookery.simulate.crowd import Crowd
    from rookery.simulate.particle_fleet import ParticleFleet

log = structlog.get_logger("rookery.demo")

CLIENT: Final = "demo boards"
"""Under which name key and token are listed in the seconds in which they are needed."""
TOKEN_SECONDS: Final = 3_600
"""Of the token with which the Particle boards are registered; it is revoked when that is done."""
AT_ONCE: Final = 20
"""People whose boards run: five boards each, some 100 kB and a few messages a second."""


class DemoImpossible(Precondition):
    """The boards can not run. `str()` is a sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The server on which the boards run, as they dial it."""

    services: Services
    clock: Clock
    keys: BoardKeys
    authority: Path
    verify: bool
    """Whether its certificate carries a name of this machine. One of the operator's own need not, and nobody stands
    between a process and itself."""
    url: str | None
    host: str
    """On which its listeners are."""
    mqtts: int | None
    particle_tcp: int | None
    particle_udp: int | None


@dataclass(slots=True)
class _Running:
    """The boards of one person, running or not."""

    changing: asyncio.Lock = field(default_factory=asyncio.Lock)
    starting: asyncio.Task[None] | None = None
    crowds: list[Crowd[Any]] = field(default_factory=list)
    trouble: str = ""

    @property
    def busy(self) -> bool:
        """Whether they run, or will in a moment."""
        return bool(self.crowds) or self.starting is not None


class Demo:
    """The boards of everybody who started some."""

    def __init__(self, place: Callable[[], Place]) -> None:
        """`place` is asked for at each start: ports are taken and certificates replaced meanwhile."""
        self._place = place
        self._running: dict[str, _Running] = {}
        self._closed = False

    @property
    def possible(self) -> bool:
        """Whether there are listeners for them."""
        place = self._place()
        return place.url is not None and place.mqtts is not None

    def running(self, person_id: str) -> bool:
        """Whether boards of this person run."""
        held = self._running.get(person_id)
        return held is not None and bool(held.crowds)

    def online(self, person_id: str) -> int:
        """How many of this person's the server has accepted."""
        held = self._running.get(person_id)
        return sum(crowd.online for crowd in held.crowds) if held is not None else 0

    def starting(self, person_id: str) -> bool:
        """Whether boards of this person will run in a moment."""
        held = self._running.get(person_id)
        return held is not None and held.starting is not None

    def trouble(self, person_id: str) -> str:
        """A sentence on why some boards of this person do not run; empty when all do."""
        held = self._running.get(person_id)
        return held.trouble if held is not None else ""

    def boards(self, person_id: str) -> list[str]:
        """The ids of this person's boards that run, as each dialect calls them."""
        held = self._running.get(person_id)
        return [board.identity.device_id for crowd in held.crowds for board in crowd.boards] if held is not None else []

    async def start(self, person: Person) -> None:
        """Run the boards of this person; nothing happens when they do. Their first dashboard comes with them.

        Raises:
            DemoImpossible: no listeners, too many people, or the server does not take them.
        """
        if not self.possible:
            raise DemoImpossible("Simulated boards need an HTTP listener and the MQTT listener for secret keys.")
        held = self._running.setdefault(person.id, _Running())
        if not held.busy and sum(other.busy for other in self._running.values()) >= AT_ONCE:
            raise DemoImpossible(f"Simulated boards of {AT_ONCE} people run already; that is the most.")
        async with held.changing:
            if held.crowds:
                return
            if self._closed:
                raise DemoImpossible("The server stops.")
            # In a task of its own: whoever asked may go away, and a server that stops need not wait for it.
            held.starting = asyncio.create_task(self._start(person, held))
            try:
                await asyncio.wait([held.starting])
                if held.starting.cancelled():
                    raise DemoImpossible("The server stops.")
                held.starting.result()
            except BaseException:
                held.starting.cancel()
                await _stop(held)
                raise
            finally:
                held.starting = None

    async def stop(self, person_id: str) -> None:
        """Power the boards of this person off. They stay known to the server."""
        held = self._running.get(person_id)
        if held is None:
            return
        async with held.changing:
            await _stop(held)

    async def remove(self, person: Person) -> None:
        """Take the boards of this person away, with their things, histories and the dashboard that came with them."""
        from rookery.simulate.demo import DEMO, PARTICLE_DEMO
        from rookery.simulate.particle import ID_PREFIX
        from rookery.simulate.provision import serial_of

        await self.stop(person.id)
        services = self._place().services
        serials = {serial_of(plan.name) for plan in DEMO}
        names = {plan.name for plan in PARTICLE_DEMO}
        who = await services.people.principal(person.id)
        gone: set[str] = set()
        for device in await services.catalog.select(Device, space_id=person.id):
            simulated = device.hex_id.startswith(ID_PREFIX) and device.name in names
            if device.serial not in serials and not simulated:
                continue
            for thing in await services.catalog.select(Thing, device_id=device.id):
                gone |= {variable.id for variable in await services.catalog.select(Variable, thing_id=thing.id)}
                await services.things.delete(who, thing.id, force=True)
            await services.devices.delete(who, device.id, force=True)
        for dashboard in await services.catalog.select(Dashboard, space_id=person.id, name=DASHBOARD):
            # One of this name that shows anything else is somebody's own.
            shown = set(linked(dashboard))
            if shown and shown <= gone:
                await services.dashboards.delete(who, dashboard.id, force=True)

    async def close(self) -> None:
        """The server stops."""
        self._closed = True
        for held in self._running.values():
            if held.starting is not None:
                held.starting.cancel()
        await asyncio.gather(*(self.stop(person_id) for person_id in list(self._running)))

    async def _start(self, person: Person, held: _Running) -> None:
        from rookery.simulate.api import ApiRefused, ApiUnreachable

        place = self._place()
        try:
            fleet = await _arduino(place, person)
            held.crowds.append(fleet)
            await fleet.start()
        except (ApiRefused, ApiUnreachable, OSError) as error:
            raise DemoImpossible(f"Simulated boards can not run: {str(error).rstrip('.')}.") from error
        if place.particle_tcp is not None or place.particle_udp is not None:
            try:
                held.crowds.append(await _particle(place, person))
            except (ApiRefused, ApiUnreachable, OSError, TimeoutError) as error:
                held.trouble = (str(error) or "The Particle boards did not come to their owner").rstrip(".") + "."
                log.warning("demo.particle_boards", reason=held.trouble)
        try:
            await make_dashboard(place.services, person)
        except CoreError as error:
            log.warning("demo.dashboard", reason=str(error))


async def _arduino(place: Place, person: Person) -> Crowd[Any]:
    from rookery.simulate.api import ApiKey
    from rookery.simulate.demo import demo_fleet
    from rookery.simulate.fleet import Address
    from rookery.simulate.shell import Trust

    trust = Trust(place.authority, verify=place.verify)
    address = Address(dial_host(place.host), place.mqtts or 0, trust)
    client, secret = await place.services.clients.create(person.id, CLIENT)
    try:
        return await demo_fleet(place.url or "", ApiKey(client.id, secret), address, place.clock)
    finally:
        await place.services.clients.delete(client)


async def _particle(place: Place, person: Person) -> ParticleFleet:
    from rookery.simulate.demo import particle_demo_fleet
    from rookery.simulate.particle_fleet import ParticleAddress
    from rookery.simulate.shell import Trust

    address = ParticleAddress(
        dial_host(place.host), place.particle_tcp, place.particle_udp, place.keys.rsa_public, place.keys.ec_public
    )
    tokens = place.services.tokens
    issued = await tokens.issue(Bearer.PERSON, person.id, CLIENT, lifetime=TOKEN_SECONDS)
    try:
        trust = Trust(place.authority, verify=place.verify)
        return await particle_demo_fleet(place.url or "", issued.token, trust, address, place.clock)
    finally:
        await tokens.revoke(issued.record)


async def _stop(held: _Running) -> None:
    held.trouble = ""
    crowds: Sequence[Crowd[Any]] = held.crowds
    await asyncio.gather(*(crowd.stop() for crowd in crowds))
    held.crowds = []


def dial_host(listening: str) -> str:
    """Where to dial on this machine what listens on this address."""
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(listening, listening)  # noqa: S104 - dialled
