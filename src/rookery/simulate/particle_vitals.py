"""The vitals of a simulated Particle board: what a healthy one measures of itself."""

from __future__ import annotations

from random import Random

from rookery.particle.device.vitals import encode_vitals
from rookery.particle.platforms import Platform

MEMORY = 160_000
"""Bytes that the heap has."""


def measured(platform: Platform, uptime: int, losses: int, random: Random) -> bytes:
    """As the board sends them (particle-device.md §4.16). `uptime` is in seconds, `losses` are connections so far."""
    return encode_vitals(
        {
            "device": {
                "system": {"uptime": uptime, "memory": {"total": MEMORY, "used": 80_000 + random.randrange(2_000)}},
                "network": {
                    "connection": {"status": "connected", "disconnects": losses},
                    "signal": {
                        "at": "LTE Cat-M1" if platform.cellular else "Wi-Fi",
                        "strength": 70.0,
                        "strengthv": -60.0,
                        "quality": 80.0,
                        "qualityv": 25.0,
                    },
                },
                "cloud": {
                    "connection": {"status": "connected", "disconnects": losses, "attempts": 1},
                    "publish": {"rate_limited": 0},
                },
            }
        }
    )
