"""Addresses that other parts lead people to."""

from __future__ import annotations

from rookery.console.call import Call

ROOT = "/console"
LINK = "/start/"
"""Where one-time links begin."""
SHARED = f"{ROOT}/shared/"
"""Where links to dashboards begin."""


def whole(call: Call, path: str) -> str:
    """A path of this server as an address, under the name by which its caller knows the server."""
    return (call.headers.get("origin") or call.backend.secure_url or call.backend.url or "") + path
