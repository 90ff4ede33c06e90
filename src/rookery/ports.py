"""The ports of a node: which are in use, what is said of one that can not be, and how they are reached."""

from __future__ import annotations

import errno
import os
from collections.abc import Awaitable
from dataclasses import dataclass


class PortUnusable(Exception):
    """A listener can not have its port. `str()` is a plain sentence with the way out."""


@dataclass(slots=True)
class Ports:
    """Where the listeners are; None for one that is off."""

    http: int | None = None
    https: int | None = None
    mqtt: int | None = None
    mqtts: int | None = None
    mqtts_cert: tuple[int, ...] = ()
    particle_tcp: int | None = None
    particle_udp: int | None = None

    def as_settings(self) -> dict[str, list[int]]:
        """Setting name to ports in use."""
        return {
            "http_port": [self.http] if self.http else [],
            "https_port": [self.https] if self.https else [],
            "mqtt_port": [self.mqtt] if self.mqtt else [],
            "mqtts_port": [self.mqtts] if self.mqtts else [],
            "mqtts_cert_ports": list(self.mqtts_cert),
            "particle_tcp_port": [self.particle_tcp] if self.particle_tcp else [],
            "particle_udp_port": [self.particle_udp] if self.particle_udp else [],
        }


async def taken(setting: str, port: int, taking: Awaitable[int]) -> int:
    """The port that `taking` takes, for this setting.

    Raises:
        PortUnusable: it can not be taken.
    """
    try:
        return await taking
    except OSError as error:
        flag = "--mqtts-cert-port" if setting == "mqtts_cert_ports" else "--" + setting.replace("_", "-")
        if error.errno == errno.EADDRINUSE:
            cause = f"Port {port} ({setting}) is taken by another program, perhaps another Rookery: stop that one"
        elif error.errno in (errno.EACCES, errno.EPERM):
            cause = f"Port {port} ({setting}) is one that only the system's administrator may use"
        else:
            reason = (os.strerror(error.errno) if error.errno else str(error)).lower()
            cause = f"Port {port} ({setting}) can not be used, because of its address: {reason}. Correct the address"
        raise PortUnusable(f"{cause}, or choose another port with {flag} N, or none with {flag} off.") from error


def reachable(host: str) -> str:
    """The address under which this machine itself reaches a listener on `host`."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - looked at, not bound
        return "localhost"
    return bracketed(host)


def bracketed(host: str) -> str:
    """An address as it stands in a URL (RFC 3986 §3.2.2)."""
    return f"[{host}]" if ":" in host else host
