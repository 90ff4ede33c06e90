"""A well-behaved board and a well-behaved person, who work while somebody else attacks.

The board publishes a growing number, each message once the one before is acknowledged. The person watches the thing
over MQTT and asks for its values by REST. In the end every acknowledged number must be stored exactly once, in order,
and the person must have seen all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from types import TracebackType

import httpx
from cbor2 import dumps, loads

from rookery.wire.mqtt import packets as p
from tests.abuse.node import PATIENCE, Node
from tests.abuse.peer import Peer

PER_PROPERTY = 900
"""Numbers per property: what one question for its history answers."""
PROPERTIES = 20


class Witness:
    """`async with Witness(node) as witness: …attack…` checks at the end."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.acknowledged = 0
        self.asked = 0
        self._seen: list[int] = []
        self._moved = asyncio.Event()
        self._stop = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Witness:
        """Connect both, and let them begin."""
        node = self._node
        board = node.board("witness")
        self._names = [f"count{number}" for number in range(PROPERTIES)]
        self._thing, self._ids = node.thing(board, self._names)
        self._topic = f"/a/t/{self._thing}/e/o"
        tls = ssl.create_default_context(cafile=node.sandbox.ca)
        self._board = await Peer.login(node.sandbox.mqtts, board.id, board.id, board.secret, tls)
        person = node.sandbox.user.id
        self._person = await Peer.login(node.sandbox.mqtt, person, person, node.token)
        assert await self._person.subscribe(self._topic) == (0,)
        self._tasks = [asyncio.create_task(work()) for work in (self._publish, self._watch, self._ask)]
        await self.progress()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let them go on a little after the attack, then compare what was acknowledged with what is stored."""
        try:
            if error is None:
                await self.progress()
                self._stop = True
                await self._until(lambda: len(self._seen) >= self.acknowledged and self._tasks[0].done())
        finally:
            for task in self._tasks:
                task.cancel()
            done = await asyncio.gather(*self._tasks, return_exceptions=True)
            self._board.abort()
            self._person.abort()
        if error is not None:
            return
        for outcome in done:
            if outcome is not None and not isinstance(outcome, asyncio.CancelledError):
                raise outcome
        count = self.acknowledged
        assert self._seen == list(range(count))
        for place, name in enumerate(self._names):
            first = place * PER_PROPERTY
            expected = list(range(first, max(first, min(count, first + PER_PROPERTY))))
            assert await asyncio.to_thread(self._node.stored, self._ids[name]) == expected

    async def progress(self, steps: int = 5) -> None:
        """Wait until the board got this many more acknowledgements, and the person two more answers."""
        count, asked = self.acknowledged + steps, self.asked + 2
        await self._until(lambda: self.acknowledged >= count and self.asked >= asked)

    async def _until(self, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(2 * PATIENCE):
            while not enough():
                for task in self._tasks:
                    if task.done() and not self._stop:
                        await task
                self._moved.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._moved.wait(), 1.0)

    async def _publish(self) -> None:
        for number in range(PER_PROPERTY * PROPERTIES):
            if self._stop:
                return
            name = self._names[number // PER_PROPERTY]
            await self._board.publish(self._topic, dumps([{0: name, 2: number}]))
            self.acknowledged = number + 1
            self._moved.set()
        raise AssertionError("the witness ran out of numbers: make the attack shorter")

    async def _watch(self) -> None:
        while True:
            async with asyncio.timeout(4 * PATIENCE):
                message: p.Publish = await self._person.next(p.Publish)
            self._seen += [record[2] for record in loads(message.payload)]
            self._moved.set()

    async def _ask(self) -> None:
        path = f"/iot/v2/things/{self._thing}/properties"
        async with httpx.AsyncClient(base_url=self._node.sandbox.http, timeout=PATIENCE, trust_env=False) as http:
            while True:
                before = self.acknowledged
                headers = {"authorization": f"Bearer {await asyncio.to_thread(lambda: self._node.token)}"}
                answer = await http.get(path, headers=headers)
                assert answer.status_code == 200, answer.text
                newest = max((one["last_value"] for one in answer.json() if "last_value" in one), default=-1)
                assert newest >= before - 1
                self.asked += 1
                self._moved.set()
