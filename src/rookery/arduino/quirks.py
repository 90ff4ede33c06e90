"""What Arduino's clients need against the letter of a standard or of the official document: data, with the evidence.

Sections are those of the reference on the REST API and on the device protocol.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirks:
    """Named peculiarities. Those that are switches can be turned off; tests pin each of them."""

    doubled_prefix: str = "/iot/iot/"
    """Python: the published sample sets the host to `…/iot` while the package's paths start with `/iot` already."""
    prefix: str = "/iot/"
    moved: tuple[tuple[str, str], ...] = (
        ("/iot/v1/things", "/iot/v2/things"),
        ("/iot/v1/devices", "/iot/v2/devices"),
        ("/iot/v1/series", "/iot/v2/series"),
        ("/iot/v2/device", "/iot/v2/devices"),
    )
    """Version N-1 has the same bodies as N (10.5, 11); the documentation says `/iot/v2/device` once (13)."""
    old_publish: str = "/send"
    """The last part of a property's v1 path for what is `/publish` now (10.5)."""
    head_as_get: bool = True
    """Monitors probe with HEAD; the HTTP server cuts the body off."""
    password_echoed: bool = True
    """The CLI prints `suggested_password` of the answer to setting a secret key as the new key (4.19, 10.4)."""
    read_only_published: bool = True
    """Clients expect 200 when they publish a READ_ONLY property towards its board; nobody says otherwise (4.7)."""


QUIRKS = Quirks()
