"""Five boards to look at: what `--demo` shows to somebody who has no board at hand."""

from __future__ import annotations

import asyncio
from typing import Final

from rookery.core.clock import Clock
from rookery.simulate.api import Api, ApiKey
from rookery.simulate.fleet import Address, Fleet, Library, Plan
from rookery.simulate.particle_fleet import ParticleAddress, ParticleFleet, ParticlePlan
from rookery.simulate.particle_provision import name_boards, provision_particle
from rookery.simulate.provision import provision
from rookery.simulate.shell import Trust

DEMO: Final = (
    Plan("Demo greenhouse", Library.CPP, ("temperature", "humidity", "light", "status")),
    Plan("Demo driveway", Library.PYTHON, ("motion", "counter", "light", "temperature")),
    Plan("Demo boat", Library.CPP, ("location", "temperature", "color", "status")),
)
"""One kind of sensor each, both libraries, something to switch and something to colour."""

SEED: Final = "demo-27"
"""Of the sensors: with this one the boat is at sea."""

CLAIM_SECONDS: Final = 30.0
"""For the first connection of the boards to a server in the same process: far more than it takes."""

PARTICLE_DEMO: Final = (ParticlePlan("demo-weather", "tcp"), ParticlePlan("demo-hallway", "udp"))
"""One of each transport."""


async def demo_fleet(url: str, key: ApiKey, address: Address, clock: Clock) -> Fleet:
    """Make the three boards known where they are not yet, and return them; `Fleet.start` powers them on.

    Args:
        url: the server's HTTP address, as this machine reaches it.
        key: of the person who shall own the boards. It is not needed any more when this returns.
        address: of the listener for boards with a secret key.

    Raises:
        ApiUnreachable: the server does not answer.
        ApiRefused: it answers with an error.
        OSError: the file of the authority can not be read.
    """
    api = Api(url, key, address.trust)
    try:
        registered = await provision(api, DEMO)
    finally:
        await api.close()
    return Fleet(registered, address, clock, seed=SEED)


async def particle_demo_fleet(
    url: str, token: str, trust: Trust, address: ParticleAddress, clock: Clock
) -> ParticleFleet:
    """The same for the two Particle boards, as far as there is a listener for their transport, and switched on: a board
    gets its name when it has connected for the first time.

    Args:
        url: the server's HTTP address, as this machine reaches it.
        token: access token of the person who shall own the boards. It is not needed any more when this returns.

    Raises:
        ApiUnreachable: the server does not answer.
        ApiRefused: it answers with an error.
        TimeoutError: the boards do not come to their owner.
        OSError: the file of the authority can not be read.
    """
    plans = [plan for plan in PARTICLE_DEMO if address.port(plan.transport) is not None]
    api = Api(url, token, trust)
    try:
        registered = await provision_particle(api, plans)
        fleet = ParticleFleet(registered, address, clock, seed="demo")
        await fleet.start()
        try:
            async with asyncio.timeout(CLAIM_SECONDS):
                await fleet.claimed()
            await name_boards(api, registered)
        except BaseException:
            await fleet.stop()
            raise
    finally:
        await api.close()
    return fleet
