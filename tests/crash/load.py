"""Boards that talk as fast as they are acknowledged, dial again when the server is gone, and note every promise."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

import cbor2

from rookery.simulate.particle_board import ParticleBoard, PublishFailed
from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.client import ClientConnection
from rookery.wire.mqtt.errors import MqttError
from tests.crash import ledger
from tests.crash.ledger import Promise

WINDOW = 20
"""Messages on their way, as a busy gateway has them."""
SAMPLES = 10
"""Of each variable in a message: a board that stores while it is offline sends so."""
DIAL_AGAIN = 0.02
EVENT = "crash/test"
EVENTS_PAUSE = 0.25
"""Between two events of a board: the server holds a board to four a second."""
LATE = 5.0
"""Seconds by which some values are late."""


class MqttBoard:
    """Sends whole numbers, floats and texts, each once in the life of the board, at QoS 1."""

    def __init__(self, host: str, port: int, device: str, secret: str, thing: str, series: dict[str, int]) -> None:
        self._where = host, port
        self._login = p.Connect(client_id=device, username=device, password=secret.encode())
        self._topic = f"/a/t/{thing}/e/o"
        self.promises = [Promise(series[name], getattr(ledger, name)) for name in ("whole", "real", "text")]
        self._time = time.time()
        self.left = 0
        """Messages that it may still send."""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(OSError, MqttError):
                await self._talk()
            await asyncio.sleep(DIAL_AGAIN)

    async def _talk(self) -> None:
        reader, writer = await asyncio.open_connection(*self._where)
        client = ClientConnection()
        waiting: dict[int, list[range]] = {}
        try:
            client.connect(self._login)
            writer.write(client.take())
            while received := await reader.read(65_536):
                for packet in client.feed(received):
                    if isinstance(packet, p.Puback):
                        for promise, numbers in zip(self.promises, waiting.pop(packet.packet_id), strict=True):
                            promise.keep(numbers)
                while client.connected and len(waiting) < WINDOW and self.left:
                    self.left -= 1
                    numbered = [promise.send(SAMPLES) for promise in self.promises]
                    waiting[client.publish(self._topic, self._encoded(numbered), 1)] = numbered
                writer.write(client.take())
        finally:
            writer.close()

    def _encoded(self, numbered: list[range]) -> bytes:
        whole, real, text = numbered
        records = []
        # Times of the board's own clock, some of them late, and never older than the board itself.
        late = LATE if whole.start % (7 * SAMPLES) == 0 else 0.0
        self._time = max(self._time, time.time() - 1)
        for place in range(SAMPLES):
            self._time += 0.001
            at = self._time - late
            records.append({0: "whole", 2: ledger.whole(whole[place]), 6: at})
            records.append({0: "real", 2: ledger.real(real[place]), 6: at})
            records.append({0: "text", 3: ledger.text(text[place]), 6: at})
        return cbor2.dumps(records)


class EventBoard:
    """Publishes events that want an acknowledgement, each with data of its own."""

    def __init__(self, board: ParticleBoard, starts: Callable[[], int]) -> None:
        """`starts` counts the starts of the server."""
        self.board = board
        self._starts = starts
        self.promise = Promise(0, ledger.data, event=EVENT)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.board.connected()
            numbers = self.promise.send(1)
            start = self._starts()
            # Until the server that it was sent to says that it has it; also when this ends in between, for the board
            # goes on sending.
            self.promise.repeated.update(numbers)
            try:
                async with asyncio.timeout(5):
                    await self.board.publish(EVENT, ledger.data(numbers[0]))
            except (PublishFailed, TimeoutError):
                await asyncio.sleep(DIAL_AGAIN)
                continue
            if self._starts() == start:
                self.promise.repeated.difference_update(numbers)
            self.promise.keep(numbers)
            await asyncio.sleep(EVENTS_PAUSE)
