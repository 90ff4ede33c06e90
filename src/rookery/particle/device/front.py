"""The door of this dialect, for both transports of boards: `gateways.coap_tcp` and `gateways.coap_udp` are given it.

    front = ParticleFront(services, trust="first", bridge=True, clock=clock)
    CoapTcpGateway(front, ...)      profile=coap_profile(profile.TCP)
    CoapUdpGateway(front, ...)      profile=coap_profile(profile.UDP)
    await front.close()             after both gateways have stopped, before the catalog does

Who may come in. An id is no secret, so what counts is the key that a board has proven to have:

* A board with a registered key comes in with that key and with no other.
* One without comes in with the key that it brings, which is registered from then on (`trust="first"`), or not at all
  (`trust="registered"`). Over TCP a board that brings none, as the oldest ones do, has to be registered.
* Over UDP the handshake says which key and not whose. Every key may begin; `greetings` compares it with the one of the
  id in the Hello, and until that fits the session has no name and changes nothing.
"""

from __future__ import annotations

from weakref import WeakValueDictionary

from rookery.core.bus import DeviceChanged
from rookery.core.clock import Clock
from rookery.core.services import Services
from rookery.gateways.coap_contract import CoapProfile, Connection
from rookery.keys.boards import public_key_of
from rookery.keys.errors import PublicKeyInvalid
from rookery.particle.device.board import Board
from rookery.particle.device.greetings import DIALECT, Welcome, gather
from rookery.particle.device.profile import Profile
from rookery.particle.device.shared import Counters, Shared, Trust

EC_KEY_BYTES = 91
"""DER of a P-256 key: the keys of boards over UDP."""


class Recalled:
    """The state of a session that may come back: kept up to date until it does."""

    __slots__ = ("__weakref__", "welcome")

    def __init__(self, welcome: Welcome) -> None:
        self.welcome = welcome


class ParticleFront:
    """A `gateways.coap_contract.Front`.

    Args:
        services: of the server.
        trust: see above.
        bridge: whether events become values of variables, and written variables calls of functions.
        clock: the one that the gateways have; that of the services when there is no other.
    """

    def __init__(
        self, services: Services, *, trust: Trust = "first", bridge: bool = True, clock: Clock | None = None
    ) -> None:
        self._services = services
        self._shared = Shared(services, trust, bridge, clock or services.clock)
        self._recalled: WeakValueDictionary[str, Recalled] = WeakValueDictionary()
        services.bus.listen("devices", self._changed)

    @property
    def counters(self) -> Counters:
        """For metrics."""
        return self._shared.counters

    def interrupt(self) -> None:
        """Give up all updates, while boards can still be told. The gateways stop after this."""
        for update in tuple(self._shared.updates):
            update.interrupt()

    async def close(self) -> None:
        """Write what is still noted. Both gateways have stopped before."""
        await self._shared.close()

    # gateways.coap_contract.Front

    async def key_of(self, device_id: bytes, offered: bytes | None) -> bytes | None:
        """See `Front`."""
        device = await self._services.enrolment.get(device_id.hex())
        if device is not None and device.public_key is not None:
            fits = device.dialect == DIALECT and len(device.public_key) != EC_KEY_BYTES
            return device.public_key if fits else None
        if self._shared.trust != "first" or offered is None:
            return None
        try:
            key = public_key_of(offered)
        except PublicKeyInvalid:
            return None
        return key if len(key) != EC_KEY_BYTES else None

    def knows(self, public_key: bytes) -> object | None:
        """See `Front`. Whose key it is turns out with the Hello."""
        return public_key

    def arrived(self, connection: Connection) -> Board:
        """See `Front`."""
        return Board(self._shared, connection)

    async def recall(self, device_id: bytes, public_key: bytes) -> Recalled | None:
        """See `Front`."""
        device = await self._services.enrolment.get(device_id.hex())
        if device is None or device.dialect != DIALECT or device.public_key != public_key:
            return None
        recalled = Recalled(await gather(self._shared, device))
        if recalled.welcome.device.deleted_at is not None or recalled.welcome.device.public_key != public_key:
            return None
        self._recalled[device.id] = recalled
        return recalled

    def resumed(self, connection: Connection, device_id: bytes, state: object) -> Board:
        """See `Front`."""
        if not isinstance(state, Recalled):
            raise TypeError("the state is not one of ours")
        device = state.welcome.device
        board = Board(self._shared, connection)
        # A board that is asked has some time to answer, in which its record may change.
        if device.deleted_at is not None:
            connection.close("the device was deleted")
        elif device.public_key != connection.public_key:
            connection.close("its key was changed", renew=True)
        else:
            board.resume(state.welcome)
        return board

    # The bus

    def _changed(self, message: DeviceChanged) -> None:
        device = message.device
        self._shared.changed(device)
        session = self._services.boards.session(device.id)
        if isinstance(session, Board):
            session.changed(device)
        recalled = self._recalled.get(device.id)
        if recalled is not None:
            recalled.welcome = recalled.welcome._replace(device=device)
            self._shared.run(self._shared.hold_product(device.product_id))


def coap_profile(profile: Profile) -> CoapProfile:
    """As the gateways want it."""
    return CoapProfile(
        transmission=profile.transmission,
        quirks=profile.quirks,
        options=profile.options,
        limits=profile.limits,
        block_bytes=profile.block_bytes,
    )
