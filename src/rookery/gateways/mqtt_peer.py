"""What is known of the other end, and how it is shown."""

from __future__ import annotations

from typing import Any

LOGGED_TEXT = 64
"""Characters of a peer's text in a log line."""


def clean(text: str) -> str:
    """A peer's text for a log line: cut, and nothing in it that could draw on a terminal."""
    cut = text[:LOGGED_TEXT]
    shown = "".join(char if char.isprintable() else "?" for char in cut)
    return shown + "…" if len(text) > LOGGED_TEXT else shown


def address_text(address: Any) -> str:
    """A socket address as `host:port`, `[host]:port` for IPv6; empty when there is none."""
    if not isinstance(address, tuple):
        return str(address or "")
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def local_port(transport: Any) -> int:
    """At which port of ours a connection has come; 0 where the transport does not know."""
    name = transport.get_extra_info("sockname")
    return int(name[1]) if isinstance(name, tuple) else 0


def certificate_name(certificate: Any) -> str | None:
    """The common name of a certificate as `ssl` describes it; None unless there is exactly one."""
    if not certificate:
        return None
    names = [value for part in certificate.get("subject", ()) for kind, value in part if kind == "commonName"]
    return names[0] if len(names) == 1 else None


def certificate_serial(certificate: Any) -> str | None:
    """Its serial number in lower-case hex, two digits a byte."""
    serial = certificate.get("serialNumber") if certificate else None
    return serial.lower() if isinstance(serial, str) else None
