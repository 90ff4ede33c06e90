"""What "Connect a board" shows: `/console/api/boards`."""

from __future__ import annotations

from typing import Any

from rookery.console.api import Route, route
from rookery.console.call import Answer, Call
from rookery.console.errors import Refusal, not_found
from rookery.keys import AddressInvalid

LONGEST_BOARD = 200
"""Characters of the name or FQBN of a board, options included."""


@route("GET", "boards")
async def list_boards(call: Call) -> dict[str, Any]:
    """The boards that there are."""
    return call.backend.guide.boards()


@route("GET", "boards/{board}/ca")
async def show_trust(call: Call) -> dict[str, Any]:
    """What makes one believe this server."""
    found = call.backend.guide.trust(call.segments["board"][:LONGEST_BOARD])
    if found is None:
        raise not_found("board")
    return found


@route("GET", "boards/particle-key")
async def download_key(call: Call) -> Answer:
    """The server's key for Particle boards as a file: `?algorithm=rsa|ec`, with `host` and `port` as it is flashed."""
    algorithm = call.query("algorithm")
    if algorithm not in ("rsa", "ec"):
        raise Refusal(400, "invalid", 'algorithm must be "rsa" or "ec".', "algorithm")
    port = call.number("port", 0, 0, 65_535) or None
    try:
        name, content = call.backend.guide.key(
            "rsa" if algorithm == "rsa" else "ec", call.query("host").strip() or None, port
        )
    except AddressInvalid as error:
        raise Refusal(400, "invalid", str(error), "host") from None
    return Answer(
        content,
        content_type="application/octet-stream",
        headers=((b"content-disposition", b'attachment; filename="%s"' % name.encode()),),
    )


ROUTES: tuple[Route, ...] = (list_boards, show_trust, download_key)
