"""`POST /sandbox/clock`: how a test turns the clock of a sandbox. No other server has it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from rookery.clock import ManualClock
from rookery.core.clock import SECOND
from rookery.gateways.asgi import BodyTooLarge, Receive, Scope, Send, answer, read_body

PATH = "/sandbox/clock"
BODY_LIMIT = 1_024
"""Bytes of a request."""


class Turn(msgspec.Struct, forbid_unknown_fields=True):
    """How far: seconds ahead, or a moment (without a zone it is UTC)."""

    advance: float | None = None
    now: datetime | None = None


class ClockApi:
    """An ASGI application. GET tells the time, POST turns it; both answer `{"now": …}`.

    The answer to POST comes when everything that was due on the way has been set off.
    """

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        status, told = 200, {}
        if scope["path"].rstrip("/") != PATH:
            status, told = 404, {"error": f"A sandbox has {PATH} only."}
        elif scope["method"] == "POST":
            try:
                turn = msgspec.json.decode(await read_body(receive, BODY_LIMIT), type=Turn)
                await self._clock.turn_to(self._target(turn))
            except (msgspec.MsgspecError, ValueError) as error:
                status, told = 400, {"error": str(error)}
            except BodyTooLarge:
                status, told = 413, {"error": f"A request has at most {BODY_LIMIT} bytes."}
        elif scope["method"] not in ("GET", "HEAD"):
            status, told = 405, {"error": "GET tells the time, POST turns it."}
        told["now"] = datetime.fromtimestamp(self._clock.now() / SECOND, UTC).isoformat().replace("+00:00", "Z")
        await answer(send, status, msgspec.json.encode(told), "application/json")

    def _target(self, turn: Turn) -> int:
        if turn.advance is not None and turn.now is None:
            return self._clock.now() + round(turn.advance * SECOND)
        if turn.now is not None and turn.advance is None:
            moment = turn.now if turn.now.tzinfo is not None else turn.now.replace(tzinfo=UTC)
            return round(moment.timestamp() * SECOND)
        raise ValueError('Give either "advance" (seconds) or "now" (a time).')
