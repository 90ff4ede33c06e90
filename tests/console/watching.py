"""Somebody at a browser, for tests of the console's server: signed in to a whole server, and looking on live."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket

from rookery.core.access import Principal
from rookery.core.records import Bearer, Person, Thing, UpdatePolicy, ValueKind
from rookery.core.variables import VariableSpec
from rookery.server import Server

PATIENCE = 60.0
"""Seconds until a test gives up waiting for what should come at once."""


def number(name: str) -> VariableSpec:
    """A number that people may write."""
    return VariableSpec(name=name, type="INT", kind=ValueKind.INT, writable=True, policy=UpdatePolicy.ON_CHANGE)


class Someone:
    """A person with a session."""

    def __init__(self, server: Server, person: Person, who: Principal, token: str) -> None:
        self.server = server
        self.services = server.core.services
        self.person = person
        self.who = who
        self.token = token

    @classmethod
    async def signed_in(cls, server: Server, email: str = "ada@example.org") -> Someone:
        """A new person; the first one of a server is its operator."""
        services = server.core.services
        person = await services.people.create(email)
        issued = await services.tokens.issue(Bearer.PERSON, person.id, "console", lifetime=3_600)
        return cls(server, person, await services.people.principal(person.id), issued.token)

    @property
    def cookie(self) -> str:
        return f"rookery_session={self.token}"

    async def thing(self, *names: str, device_id: str | None = None) -> Thing:
        """A thing with these numbers."""
        return await self.services.things.create(
            self.who, name="porch", variables=[number(name) for name in names], device_id=device_id
        )

    async def write(self, thing: Thing, value: int, symbol: str = "level") -> None:
        """Write a number, and wait until it is stored."""
        live = await self.services.live.get(thing.id)
        assert live is not None
        await self.services.values.write(live, [(live.by_symbol[symbol], value)])

    @asynccontextmanager
    async def browser(self, space: str = "") -> AsyncIterator[httpx.AsyncClient]:
        """Asks the console's own API."""
        assert self.server.url is not None
        headers = {"cookie": self.cookie, "origin": self.server.url}
        if space:
            headers["x-space"] = space
        base = self.server.url + "/console/api/"
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=30, trust_env=False) as client:
            yield client

    @asynccontextmanager
    async def tab(self, query: str = "", **headers: str) -> AsyncIterator[Tab]:
        """A live connection."""
        async with looking(self.server, query, **{"cookie": self.cookie} | headers) as tab:
            yield tab


class Tab:
    """One live connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._messages: list[dict[str, Any]] = []

    async def subscribe(self, *topics: str) -> None:
        await self.socket.send(json.dumps({"subscribe": topics}))

    async def unsubscribe(self, *topics: str) -> None:
        await self.socket.send(json.dumps({"unsubscribe": topics}))

    async def next(self) -> dict[str, Any]:
        """The next message that is no ping."""
        async with asyncio.timeout(PATIENCE):
            while True:
                while self._messages:
                    message = self._messages.pop(0)
                    if message["k"] != "ping":
                        return message
                self._messages = json.loads(await self.socket.recv())

    async def until(self, kind: str, topic: str | None = None) -> dict[str, Any]:
        """The next message of this kind, whatever comes before it."""
        while True:
            message = await self.next()
            if message["k"] == kind and topic in (None, message.get("t")):
                return message

    async def close_code(self) -> int | None:
        """With what the server ends it."""
        async with asyncio.timeout(PATIENCE):
            await self.socket.wait_closed()
        return self.socket.close_code


@asynccontextmanager
async def looking(server: Server, query: str = "", **headers: str) -> AsyncIterator[Tab]:
    """A live connection of a browser with these headers; the origin is the server's unless it is given."""
    assert server.url is not None
    given = {"origin": server.url} | {name.replace("_", "-"): value for name, value in headers.items()}
    address = server.url.replace("http", "ws", 1) + "/console/live" + (f"?{query}" if query else "")
    async with open_websocket(address, additional_headers=given, proxy=None) as socket:
        yield Tab(socket)
