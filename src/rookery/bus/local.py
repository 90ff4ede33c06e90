"""The bus of a single node: listeners in a dictionary, called at once."""

from __future__ import annotations

import structlog

from rookery.core.bus import Listener, Message

log = structlog.get_logger("rookery.bus")


class LocalSubscription:
    """A listener on one channel."""

    __slots__ = ("_bus", "_channel", "_listener")

    def __init__(self, bus: LocalBus, channel: str, listener: Listener) -> None:
        self._bus = bus
        self._channel = channel
        self._listener = listener

    def cancel(self) -> None:
        """Never call the listener again."""
        self._bus.forget(self._channel, self._listener)


class LocalBus:
    """Delivers to listeners of this process, in the order in which they came."""

    def __init__(self) -> None:
        self._listeners: dict[str, tuple[Listener, ...]] = {}

    def publish(self, channel: str, message: Message) -> None:
        """Tell every listener of this channel. One that fails is logged and does not keep the others from hearing."""
        for listener in self._listeners.get(channel, ()):
            try:
                listener(message)
            except Exception:
                log.exception("listener_failed", channel=channel)

    def listen(self, channel: str, listener: Listener) -> LocalSubscription:
        """Call `listener(message)` for each message on this channel from now on."""
        self._listeners[channel] = (*self._listeners.get(channel, ()), listener)
        return LocalSubscription(self, channel, listener)

    def watched(self, channel: str) -> bool:
        """Whether anybody listens."""
        return channel in self._listeners

    def forget(self, channel: str, listener: Listener) -> None:
        """Take one listener off; harmless when it is not there."""
        left = list(self._listeners.get(channel, ()))
        if listener in left:
            left.remove(listener)
        if left:
            self._listeners[channel] = tuple(left)
        else:
            self._listeners.pop(channel, None)
