"""One browser tab on the live connection: what waits for it, and who it is.

Messages are put in from the event loop and written by one task. A tab that does not read loses what does not fit,
hears how much that was, and gets the present values once more: nobody else notices.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import structlog

from rookery.gateways.asgi import Send

if TYPE_CHECKING:
    from rookery.console.live_reader import Reader
    from rookery.console.live_topics import Topic

log = structlog.get_logger("rookery.console.live")

QUEUE_SIZE: Final = 1 << 20
"""Characters that wait for a tab that does not read: some 10,000 values, ten seconds of the busiest dashboard."""
FRAME_SIZE: Final = 64 * 1024
"""Characters of messages that are written together. A phone parses that in two milliseconds."""
TOPICS: Final = 500
"""Of one tab. A dashboard has tens of things; whoever wants everything has `devices` and `events`."""

GONE: Final = 0
"""No close code: there is nobody to tell."""
OVER: Final = 4401
"""Close code: the session is over, sign in again. Codes from 4000 on are an application's own (RFC 6455 §7.4.2)."""
LINK_OVER: Final = 4403
"""Close code: the share link does not work any more."""
FULL: Final = 1013
"""Try again later."""
STOPPING: Final = 1001


class LiveSocket:
    """What the hub knows of a tab."""

    __slots__ = ("_code", "_lost", "_queue", "_size", "_wake", "dropped", "reader", "topics")

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.topics: dict[str, Topic] = {}
        """By the name that the client calls it."""
        self.dropped = 0
        """Messages that it has lost since it came."""
        self._queue: deque[str] = deque()
        self._size = 0
        self._lost = 0
        self._code: int | None = None
        self._wake: asyncio.Future[None] | None = None

    def put(self, messages: Sequence[str]) -> int:
        """Write these soon. Returns how many of them are lost, because there is no room."""
        lost = 0
        for message in messages:
            if self._size + len(message) > QUEUE_SIZE:
                lost += 1
                continue
            self._queue.append(message)
            self._size += len(message)
        if lost:
            if not self.dropped:
                log.info("live.slow_reader", person=self.reader.account)
            self.dropped += lost
            self._lost += lost
        self._notice()
        return lost

    def end(self, code: int) -> None:
        """Write what waits, then close with this code."""
        if self._code is None or code == GONE:
            self._code = code
        if code == GONE:
            self._queue.clear()
            self._size = self._lost = 0
        self._notice()

    @property
    def ending(self) -> bool:
        """Whether nothing more is to be done for it."""
        return self._code is not None

    def _notice(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def write(self, send: Send) -> None:
        """Write until the end. The client is gone when this raises."""
        while True:
            while self._queue:
                await send({"type": "websocket.send", "text": self._frame()})
            if self._lost:
                lost, self._lost = self._lost, 0
                await send({"type": "websocket.send", "text": f'[{{"k":"dropped","n":{lost}}}]'})
                for topic in tuple(self.topics.values()):
                    # Whatever of them has no room either was told with the rest.
                    self._lost -= self.put(await topic.snapshot())
                continue
            if self._code is not None:
                if self._code != GONE:
                    await send({"type": "websocket.close", "code": self._code})
                return
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake

    def _frame(self) -> str:
        queue = self._queue
        message = queue.popleft()
        size = len(message)
        parts = [message]
        while queue and size + len(queue[0]) <= FRAME_SIZE:
            message = queue.popleft()
            size += len(message)
            parts.append(message)
        self._size -= size
        return "[" + ",".join(parts) + "]"
