"""The boards that there are, and what fits into a message to each of them.

Names and ids: particle-rest.md §9. Transports, keepalives and limits: particle-device.md §0, §1.3, §2.6, §4.4 to §4.6.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Transport = Literal["tcp", "udp"]

KEEPALIVE_CELLULAR: Final = 23 * 60.0
KEEPALIVE_WIFI: Final = 25.0
KEEPALIVE_TCP: Final = 15.0
"""Seconds of silence after which a board pings (§1.3, §2.6). User firmware can choose another time over UDP."""
PATIENCE: Final[dict[Transport, float]] = {"tcp": 10.0, "udp": 30.0}
"""Seconds that a board waits after its ping until it gives the connection up (§1.3, §2.6)."""


class Platform(NamedTuple):
    """One line of the table. `transport` is the usual one: the virtual device (3) speaks both. `family`
    is empty where the reference names none."""

    id: int
    name: str
    family: str
    cellular: bool
    transport: Transport

    @property
    def keepalive(self) -> float:
        """Seconds between the pings of a board with nothing else to say, as its firmware leaves the factory."""
        if self.cellular:
            return KEEPALIVE_CELLULAR
        return KEEPALIVE_TCP if self.transport == "tcp" and self.id != GCC else KEEPALIVE_WIFI

    @property
    def gen2(self) -> bool:
        """Photon, P1 and Electron: smaller messages, and no Device OS after 3.3."""
        return self.family == "gen 2"


CORE: Final = 0
GCC: Final = 3

PLATFORMS: Final[dict[int, Platform]] = {
    platform.id: platform
    for platform in (
        Platform(CORE, "core", "gen 1", False, "tcp"),
        Platform(GCC, "gcc", "", False, "tcp"),
        Platform(6, "photon", "gen 2", False, "tcp"),
        Platform(8, "p1", "gen 2", False, "tcp"),
        Platform(10, "electron", "gen 2", True, "udp"),
        Platform(11, "esp32", "", False, "udp"),
        Platform(12, "argon", "gen 3", False, "udp"),
        Platform(13, "boron", "gen 3", True, "udp"),
        Platform(14, "xenon", "gen 3", False, "udp"),
        Platform(15, "esomx", "gen 3", True, "udp"),
        Platform(22, "asom", "gen 3", False, "udp"),
        Platform(23, "bsom", "gen 3", True, "udp"),
        Platform(24, "xsom", "gen 3", False, "udp"),
        Platform(25, "b5som", "gen 3", True, "udp"),
        Platform(26, "tracker", "gen 3", True, "udp"),
        Platform(28, "trackerm", "", True, "udp"),
        Platform(31, "raspberrypi", "linux", False, "tcp"),
        Platform(32, "p2", "RTL872x", False, "udp"),
        Platform(35, "msom", "RTL872x", True, "udp"),
        Platform(37, "electron2", "", True, "udp"),
        Platform(38, "sulu", "", True, "udp"),
        Platform(42, "tachyon", "linux", True, "udp"),
        Platform(43, "linux", "linux", False, "udp"),
        Platform(82, "digistump-oak", "3rd party", False, "tcp"),
        Platform(88, "redbear-duo", "3rd party", False, "tcp"),
        Platform(103, "bluz", "3rd party", False, "tcp"),
    )
}


def platform(platform_id: int) -> Platform:
    """The line of this id. An id that is not in the table is a board of tomorrow: not cellular, over UDP."""
    return PLATFORMS.get(platform_id) or Platform(platform_id, f"platform-{platform_id}", "", False, "udp")


class Limits(NamedTuple):
    """Bytes that a board takes. `data` holds for events and string variables, `argument` for functions, `name` for
    functions and variables, `message` for a whole CoAP message."""

    name: int
    event_name: int
    argument: int
    data: int
    message: int


OLDEST: Final = Limits(name=12, event_name=63, argument=63, data=255, message=640)
MIDDLE: Final = Limits(name=64, event_name=64, argument=622, data=622, message=800)
GEN2: Final = Limits(name=64, event_name=64, argument=864, data=864, message=960)
GEN3: Final = Limits(name=64, event_name=64, argument=1_024, data=1_024, message=1_152)
LONGEST: Final = GEN3
"""No board takes more."""


def limits(platform_id: int, system_version: int) -> Limits:
    """What fits (§4.4 to §4.6, §1.2). `system_version` is as in the Hello, 6200 for 6.2.0; older boards do not say it,
    then it is what `Hello.version` concludes."""
    if system_version < 800:
        return OLDEST
    if system_version < 3_000:
        return MIDDLE
    return GEN2 if platform(platform_id).gen2 else GEN3
