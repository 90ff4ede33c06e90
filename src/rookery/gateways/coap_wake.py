"""Speaking first: boards whose sessions were kept are asked whether they are there.

A board that has nothing to say is silent for as long as its keepalive, and a server that has just begun does not know
it before. The question is a ping (RFC 7252, 4.3), sent as its sender would repeat it. Nobody is told of a board that is
asked: its session waits like every one that was loaded (`coap_resumption`), and an authentic record, whether that is
the answer or something else, makes it a connection. So what a board costs while it is asked is its session alone.
"""

from __future__ import annotations

from asyncio import Future, get_running_loop
from collections.abc import Callable
from typing import Final

from rookery.gateways.coap_contract import SessionStore, StoredSession
from rookery.gateways.coap_limits import CoapLimits
from rookery.gateways.coap_resumption import Found
from rookery.gateways.coap_timers import Timetable
from rookery.wire.coap import encode
from rookery.wire.coap.parameters import Transmission
from rookery.wire.dtls.endpoint import ServerEndpoint
from rookery.wire.dtls.session import Session

WAKE_SECONDS: Final = 20.0
"""For an answer. With the usual waits the ping goes out at 0 s, after 4 to 6 s, and after 12 to 18 s; a cellular modem
that saves power takes some seconds to hear the first."""
NOWHERE: Final = ("", 0)
"""The address of a board that nobody is to ask."""
_IDENTIFIERS: Final = 0x10000


class Waking:
    """One board that is asked; it lies in the timetable."""

    __slots__ = ("_repeat", "_wait", "_wakings", "answer", "due", "found", "lose", "ping", "until")

    def __init__(self, wakings: Wakings, found: Found, ping: bytes, until: float, wait: float, *, lose: bool) -> None:
        self.due = 0
        self.found = found
        self.ping = ping
        self.until = until
        self.lose = lose
        self.answer: Future[bool] = get_running_loop().create_future()
        self._wakings = wakings
        self._wait = wait
        self._repeat = 0.0

    def plan(self, now: float) -> float:
        """When to look at it again, after the ping was sent: waits are doubled (4.2)."""
        self._repeat = now + self._wait
        self._wait *= 2
        return min(self._repeat, self.until)

    def expired(self) -> None:
        """The time has come for another ping, or for the end."""
        self._wakings.look(self, self._repeat)


class Wakings:
    """All that are asked at present. The gateway says when a session has proven itself or ended (`end`)."""

    def __init__(
        self,
        endpoint: ServerEndpoint,
        store: SessionStore,
        limits: CoapLimits,
        timetable: Timetable,
        transmission: Transmission,
        now: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self._endpoint = endpoint
        self._store = store
        self._limits = limits
        self._timetable = timetable
        self._transmission = transmission
        self._now = now
        self._random = random
        self._wakings: dict[bytes, Waking] = {}
        self.stopped = False

    def __len__(self) -> int:
        return len(self._wakings)

    def of(self, device_id: bytes) -> Future[bool] | None:
        """Whether this board will have answered, while it is asked."""
        waking = self._wakings.get(device_id)
        return waking.answer if waking is not None else None

    def begin(self, found: Found, seconds: float, *, lose: bool) -> Future[bool]:
        """Ask. The endpoint has the session."""
        transmission = self._transmission
        ping = encode.ping(found.next_message_id)
        found.next_message_id = (found.next_message_id + 1) % _IDENTIFIERS  # the connection goes on behind it
        wait = transmission.ack_timeout * (1 + self._random() * (transmission.ack_random_factor - 1))
        waking = Waking(self, found, ping, self._now() + seconds, wait, lose=lose)
        self._wakings[found.session.name] = waking
        self._ask(waking)
        return waking.answer

    def look(self, waking: Waking, repeat: float) -> None:
        """For the timetable, which may be too early."""
        now = self._now()
        if now >= waking.until:
            self._let_go(waking)
        elif now >= repeat:
            self._ask(waking)
        else:
            self._timetable.wake(waking, min(repeat, waking.until))

    def end(self, session: Session, *, there: bool) -> None:
        """This session need not be asked any more."""
        waking = self._wakings.get(session.name)
        if waking is not None and waking.found.session is session:
            self._through(waking, there=there)

    def stop(self) -> None:
        """Ask nobody any more. Who was asked is asked by the next server."""
        self.stopped = True
        for waking in list(self._wakings.values()):
            self._forget(waking)

    def _ask(self, waking: Waking) -> None:
        if self._endpoint.send(waking.found.session, waking.ping):
            self._timetable.wake(waking, waking.plan(self._now()))
        else:
            self._let_go(waking)  # another board is where it was

    def _let_go(self, waking: Waking) -> None:
        found = waking.found
        if waking.lose:
            ahead = (found.next_message_id + self._limits.message_ids_ahead) % _IDENTIFIERS
            session = found.session
            self._store.keep(StoredSession(session.name.hex(), session.read_id, session.dump(), ahead, NOWHERE))
        self._forget(waking)

    def _forget(self, waking: Waking) -> None:
        session = waking.found.session
        self._through(waking, there=False)
        self._endpoint.forget(session)
        session.who = None

    def _through(self, waking: Waking, *, there: bool) -> None:
        del self._wakings[waking.found.session.name]
        self._timetable.cancel(waking)
        if not waking.answer.done():
            waking.answer.set_result(there)
