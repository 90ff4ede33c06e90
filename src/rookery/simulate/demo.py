"""Three boards to look at: what `--demo` shows to somebody who has no board at hand."""

from __future__ import annotations

from typing import Final

from rookery.core.clock import Clock
from rookery.simulate.api import Api, ApiKey
from rookery.simulate.fleet import Address, Fleet, Library, Plan
from rookery.simulate.provision import provision

DEMO: Final = (
    Plan("Demo greenhouse", Library.CPP, ("temperature", "humidity", "light", "status")),
    Plan("Demo driveway", Library.PYTHON, ("motion", "counter", "light", "temperature")),
    Plan("Demo boat", Library.CPP, ("location", "temperature", "color", "status")),
)
"""One kind of sensor each, both libraries, something to switch and something to colour."""


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
    return Fleet(registered, address, clock, seed="demo")
