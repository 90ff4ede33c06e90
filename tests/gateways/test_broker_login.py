"""Who gets into a private topic tree."""

from __future__ import annotations

from pathlib import Path

import pytest

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
        self.clients = Clients(MemoryCatalog(), ids, ManualClock())
        self.login: Authenticator = KeyLogin(self.clients, SpaceBrokers(store))

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
