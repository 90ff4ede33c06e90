"""CoAP as these boards speak it: where it departs from the standard, as data (particle-device.md §1.3, §2.6, §3, §9).

One `Profile` a transport. Whoever opens a session hands its fields to the CoAP machine.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rookery.particle.device.ota_options import OPTIONS as UPDATE_OPTIONS
from rookery.wire.coap.options import STANDARD, URI_QUERY, Definition, OptionTable
from rookery.wire.coap.parameters import Limits, Quirks, Transmission


class Profile(NamedTuple):
    """What the CoAP machine of one session is made with."""

    reliable: bool
    quirks: Quirks
    transmission: Transmission
    options: OptionTable
    limits: Limits
    block_bytes: int


OPTIONS: Final = STANDARD.also(
    # The argument of a function is one query of up to 1,024 bytes, and an empty one when there is none (§4.5). Flags
    # and checksums are raw bytes in a query (§4.3, §4.11), so it is opaque rather than a string.
    Definition(URI_QUERY, "Uri-Query", "opaque", 0, 1_024, True),
    *UPDATE_OPTIONS,
)

TRANSMISSION: Final = Transmission(
    # §9: first timeout 4 s times 1 to 1.5, doubling, 3 repetitions.
    ack_timeout=4.0,
    ack_random_factor=1.5,
    max_retransmit=3,
    # §3: several Confirmable messages may be outstanding; four keep a small board from being flooded.
    nstart=4,
    # Boards themselves remember identifiers for 45 s (§9), hardly more than they go on repeating. With ten seconds of
    # latency we remember theirs for 66; a longer memory would only cost room.
    max_latency=10.0,
)

LIMITS: Final = Limits()

BLOCK_BYTES: Final = 1_024
"""Blocks of describe data and ledgers (§4.3, §4.15). Boards with less room ask for 512."""

UDP: Final = Profile(
    reliable=False,
    quirks=Quirks(
        # §2.5, §4.14: a Reset with any identifier makes the board discard its session and shake hands anew.
        no_resets=True,
        # §3: boards reject requests with a token of any other length.
        token_bytes=1,
        # §3: boards do not support separate responses for most of their requests.
        separate_after=None,
    ),
    transmission=TRANSMISSION,
    options=OPTIONS,
    limits=LIMITS,
    block_bytes=BLOCK_BYTES,
)

TCP: Final = Profile(
    reliable=True,
    quirks=Quirks(
        no_resets=True,
        # §1.3, "ACK id bug": pings and signal requests are answered with a new identifier.
        foreign_ack_ids=True,
        token_bytes=1,
        separate_after=None,
    ),
    transmission=TRANSMISSION,
    options=OPTIONS,
    limits=LIMITS,
    block_bytes=BLOCK_BYTES,
)
