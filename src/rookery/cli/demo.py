"""`rookery serve --demo`: simulated boards in the server's own process, over the same wire as all others."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rookery.core.records import Person
    from rookery.server import Server
    from rookery.simulate.crowd import Crowd
    from rookery.simulate.particle_fleet import ParticleFleet
    from rookery.simulate.shell import Trust


TOKEN_SECONDS = 3_600
"""Of the token with which the Particle boards are registered; it is revoked when that is done."""


class Demo:
    """Boards that run."""

    def __init__(self, crowds: Sequence[Crowd[Any]]) -> None:
        self._crowds = crowds

    @property
    def online(self) -> int:
        """How many the server has accepted."""
        return sum(crowd.online for crowd in self._crowds)

    async def stop(self) -> None:
        """Power all of them off."""
        await asyncio.gather(*(crowd.stop() for crowd in self._crowds))


async def start_demo(server: Server) -> Demo | None:
    """Register the boards for the oldest person, once in the life of a folder, and run them until `Demo.stop`.

    A demonstration that can not be given is no reason not to serve: then standard error says why, and None comes back.
    """
    from rookery.simulate.api import ApiKey, ApiRefused, ApiUnreachable
    from rookery.simulate.demo import demo_fleet
    from rookery.simulate.fleet import Address
    from rookery.simulate.shell import Trust

    core = server.core
    url = server.url or server.secure_url
    people = await core.services.people.everybody()
    if url is None or server.ports.mqtts is None or not people:
        _note("they need an HTTP listener, the MQTT listener for secret keys, and an owner")
        return None
    # A certificate of the operator's own need not carry a name of this machine. Nobody stands between a process and
    # itself.
    trust = Trust(core.keys.authority_file, verify=core.settings.tls_cert is None)
    address = Address(dial_host(core.settings.host), server.ports.mqtts, trust)
    client, secret = await core.services.clients.create(people[0].id, "demo boards, while the server starts")
    try:
        fleet = await demo_fleet(url, ApiKey(client.id, secret), address, core.clock)
    except (ApiRefused, ApiUnreachable, OSError) as error:
        _note(str(error))
        return None
    finally:
        await core.services.clients.delete(client)
    await fleet.start()
    crowds: list[Crowd[Any]] = [fleet]
    if server.ports.particle_tcp is not None or server.ports.particle_udp is not None:
        try:
            crowds.append(await _particle(server, url, trust, people[0]))
        except (ApiRefused, ApiUnreachable, OSError, TimeoutError) as error:
            _note(str(error) or "the Particle boards could not be claimed")
    return Demo(crowds)


async def _particle(server: Server, url: str, trust: Trust, owner: Person) -> ParticleFleet:
    from rookery.core.records import Bearer
    from rookery.simulate.demo import particle_demo_fleet
    from rookery.simulate.particle_fleet import ParticleAddress

    core, keys = server.core, server.core.board_keys
    address = ParticleAddress(
        dial_host(core.settings.host),
        server.ports.particle_tcp,
        server.ports.particle_udp,
        keys.rsa_public,
        keys.ec_public,
    )
    issued = await core.services.tokens.issue(Bearer.PERSON, owner.id, "demo boards", lifetime=TOKEN_SECONDS)
    try:
        return await particle_demo_fleet(url, issued.token, trust, address, core.clock)
    finally:
        await core.services.tokens.revoke(issued.record)


def dial_host(listening: str) -> str:
    """Where to dial on this machine what listens on this address."""
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(listening, listening)  # noqa: S104 - dialled


def _note(reason: str) -> None:
    print(f"Note: the demo boards do not run: {reason.rstrip('.')}.", file=sys.stderr)
