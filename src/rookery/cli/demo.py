"""`rookery serve --demo`: three simulated boards in the server's own process, over the same wire as all others."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rookery.server import Server
    from rookery.simulate.fleet import Fleet


async def start_demo(server: Server) -> Fleet | None:
    """Register the boards for the oldest person, once in the life of a folder, and run them until `Fleet.stop`.

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
    return fleet


def dial_host(listening: str) -> str:
    """Where to dial on this machine what listens on this address."""
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(listening, listening)  # noqa: S104 - dialled


def _note(reason: str) -> None:
    print(f"Note: the demo boards do not run: {reason.rstrip('.')}.", file=sys.stderr)
