"""Who gets into a private topic tree."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from rookery.bus.local import LocalBus
from rookery.core.clients import Clients
from rookery.core.ids import Identifiers
from rookery.gateways.broker import SpaceBrokers, SpaceHandler
from rookery.gateways.broker_login import KeyLogin
from rookery.gateways.contract import Authenticator, Login, LoginRefused, Peer
from rookery.storage.messages import MessageFile
from tests.fakes import ManualClock, MemoryCatalog

PEER = Peer("tcp", "192.0.2.1:1")


class Case:
    """A key of a person, and the login that is tried."""

    def __init__(self, store: MessageFile) -> None:
        numbers = iter(range(1_000_000))
        ids = Identifiers(lambda count: bytes(next(numbers) * 7 % 256 for _ in range(count)))
        self.bus = LocalBus()
        self.clients = Clients(MemoryCatalog(), self.bus, ids, ManualClock())
        self.login: Authenticator = KeyLogin(self.clients, SpaceBrokers(store, self.bus))

    async def try_(self, username: str | None, password: bytes | None, *, clean: bool = True) -> object:
        return await self.login.authenticate(Login("anything", username, password, clean, 60), PEER)


async def test_a_key_gets_the_space_of_its_owner(tmp_path: Path) -> None:
    store = await MessageFile.open(tmp_path / "messages.db")
    case = Case(store)
    key, secret = await case.clients.create("ann", "script")
    handler = await case.try_(key.id, secret.encode())
    assert isinstance(handler, SpaceHandler)
    assert handler.realm == "space:ann"
    assert handler.exclusive
    assert handler.persistent
    await store.close()


async def test_who_is_refused_and_who_is_left_to_others(tmp_path: Path) -> None:
    store = await MessageFile.open(tmp_path / "messages.db")
    case = Case(store)
    key, secret = await case.clients.create("ann", "script")
    other, other_secret = await case.clients.create("bob", "script")
    await case.clients.change(other, enabled=False)
    refused = [
        (key.id, other_secret.encode()),
        (key.id, b""),
        (key.id, b"\xff"),
        (key.id, secret.encode() + b"\0"),
        (other.id, other_secret.encode()),
    ]
    for username, password in refused:
        with pytest.raises(LoginRefused, match="wrong user name or password") as refusal:
            await case.try_(username, password)
        assert refusal.value.code == 5
    assert await case.try_(None, None) is None
    assert await case.try_(key.id, None) is None
    for stranger in ("x" * 32, key.id[:-1], ""):
        assert await case.try_(stranger, secret.encode()) is None
    await store.close()


class Connected:
    """The gateway's side of a session, as far as its end is concerned."""

    client_id = "script"
    peer = PEER
    watch_keepalive = True

    def __init__(self, handler: SpaceHandler) -> None:
        self.ended: list[str] = []
        self._handler = handler
        handler.opened(self)

    def publish(self, topic: str, payload: bytes, qos: int = 0, *, retain: bool = False) -> None:
        raise AssertionError("nobody publishes here")

    def committed(self, tickets: list[int]) -> None:
        raise AssertionError("nobody publishes here")

    def refused(self, tickets: list[int], reason: str) -> None:
        raise AssertionError("nobody publishes here")

    def close(self, reason: str) -> None:
        self.ended.append(reason)
        self._handler.closed(reason, clean=False)


@pytest.mark.parametrize("how", ["disable", "rotate", "delete"])
async def test_a_key_that_is_withdrawn_takes_its_sessions_along(tmp_path: Path, how: str) -> None:
    store = await MessageFile.open(tmp_path / "messages.db")
    case = Case(store)
    key, secret = await case.clients.create("ann", "script")
    other, other_secret = await case.clients.create("ann", "another")
    sessions = []
    for client, its_secret in ((key, secret), (other, other_secret)):
        handler = await case.try_(client.id, its_secret.encode())
        assert isinstance(handler, SpaceHandler)
        sessions.append(Connected(handler))
    (used,) = [c for c in await case.clients.of("ann") if c.id == key.id]
    if how == "disable":
        await case.clients.change(used, enabled=False)
    elif how == "rotate":
        await case.clients.rotate(used)
    else:
        await case.clients.delete(used)
    assert [s.ended for s in sessions] == [["the API key was withdrawn"], []]
    with pytest.raises(LoginRefused) if how != "delete" else contextlib.nullcontext():
        assert await case.try_(key.id, secret.encode()) is None
    await store.close()
