"""Making simulated Particle boards known to a server, through its public API only.

Each board gets an id, a key that the server is told, and a claim code that it presents when it first connects: that is
how it comes to its owner. Only then it can be given its name. What a former run has made is found again by name, if its
id is one of ours; its key is made anew, because only the public half is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random, SystemRandom
from typing import Any, Final

from rookery.simulate.particle import ID_PREFIX, make_device_id, make_key, public_pem
from rookery.simulate.particle_firmware import MODELS
from rookery.simulate.particle_fleet import ParticlePlan, ParticleRegistered
from rookery.simulate.provision import Caller

ALGORITHMS: Final = {"tcp": "rsa", "udp": "ecc"}


async def provision_particle(
    api: Caller,
    plans: Sequence[ParticlePlan],
    progress: Callable[[int, int], None] | None = None,
    random: Random | None = None,
) -> list[ParticleRegistered]:
    """Make these boards known to the server, in their order. Done twice, it makes nothing twice.

    Args:
        progress: called with (boards done, boards in all) after each.

    Raises:
        ApiUnreachable: no answer.
        ApiRefused: an answer with an error.
    """
    random = random or SystemRandom()
    owned = {d["name"]: d["id"] for d in await api.call("GET", "/v1/devices") if d["id"].startswith(ID_PREFIX)}
    registered: list[ParticleRegistered] = []
    for number, plan in enumerate(plans, 1):
        known = owned.get(plan.name)
        device_id = known or make_device_id(random)
        key = make_key(plan.transport)
        await api.call("POST", f"/v1/provisioning/{device_id}", _key_form(device_id, plan, public_pem(key)))
        claim_code = "" if known else (await api.call("POST", "/v1/device_claims", {}))["claim_code"]
        registered.append(ParticleRegistered(plan, device_id, key, claim_code))
        if progress is not None:
            progress(number, len(plans))
    return registered


async def name_boards(api: Caller, registered: Sequence[ParticleRegistered]) -> None:
    """Give boards their names that have just come to their owner.

    Raises:
        ApiUnreachable, ApiRefused: as `provision_particle`.
    """
    for each in registered:
        if each.claim_code:
            await api.call("PUT", f"/v1/devices/{each.device_id}", {"name": each.plan.name})


def _key_form(device_id: str, plan: ParticlePlan, pem: str) -> dict[str, Any]:
    """What `particle keys send` sends, and the platform, which the server does not have to guess."""
    return {
        "deviceID": device_id,
        "publicKey": pem,
        "algorithm": ALGORITHMS[plan.transport],
        "filename": "rookery-simulate",
        "order": f"simulated_{device_id}",
        "platform_id": MODELS[plan.platform].platform_id,
    }
