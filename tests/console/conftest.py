"""A console over memory: the whole web application with services that keep nothing, and public APIs that echo."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from rookery.arduino.ca import SUBJECT
from rookery.board_guide import BoardGuide
from rookery.console.app import ConsoleApp
from rookery.console.backend import Backend
from rookery.core.access import Principal
from rookery.core.records import Bearer, Person
from rookery.core.services import Services
from rookery.gateways.asgi import Receive, Scope, Send, answer, read_body
from rookery.keys import BoardKeys, KeyStore, server_names
from rookery.settings import Settings
from tests.fakes import START, ManualClock, memory_services

BASE = "http://rookery.test"
PASSWORD = "a long password"


class EchoingApi:
    """A public API that says what it was asked."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        told = {
            "method": scope["method"],
            "path": scope["path"],
            "raw_path": scope["raw_path"].decode(),
            "query": scope["query_string"].decode(),
            "headers": headers,
            "body": (await read_body(receive, 1 << 20)).decode(),
        }
        allowed = (b"Access-Control-Allow-Origin", b"*")
        await answer(send, 404 if "missing" in scope["path"] else 200, json.dumps(told).encode(), headers=(allowed,))


class NoBoards:
    """Simulated boards that are none: what is asked of them is remembered."""

    possible = True

    def __init__(self) -> None:
        self.started: list[str] = []

    def running(self, person_id: str) -> bool:
        return person_id in self.started

    def starting(self, person_id: str) -> bool:
        return False

    def trouble(self, person_id: str) -> str:
        return ""

    def boards(self, person_id: str) -> list[str]:
        return []

    async def start(self, person: Person) -> None:
        self.started.append(person.id)

    async def stop(self, person_id: str) -> None:
        self.started.remove(person_id)

    async def remove(self, person: Person) -> None:
        self.started.append("removed")


@cache
def board_keys(folder: Path) -> BoardKeys:
    return BoardKeys.open(folder)


class Room:
    """The console, and who comes to it."""

    def __init__(
        self, services: Services, clock: ManualClock, settings: Settings, keys: KeyStore, boards: Path
    ) -> None:
        self.services = services
        self.clock = clock
        self.demo = NoBoards()
        self.backend = Backend(
            services=services,
            settings=settings,
            keys=keys,
            guide=BoardGuide(keys.authority, board_keys(boards)),
            demo=self.demo,
            apis=dict.fromkeys(("iot", "v1", "oauth"), EchoingApi()),
            ports={"http_port": [8080], "mqtts_port": []},
            url=BASE,
            secure_url="https://rookery.test:8443",
            started=START,
        )
        self.files = settings.data_dir / "static"
        self.files.mkdir(exist_ok=True)
        self.app = ConsoleApp(self.backend, folder=self.files)

    def browser(self, token: str = "", *, base: str = BASE, peer: str = "198.51.100.7") -> Browser:
        """Somebody's browser on a page of this server, with this session."""
        return Browser(self.app, token, base, peer)

    async def person(self, email: str = "owner@example.org", password: str | None = PASSWORD) -> Person:
        # So that everybody, and every session, is younger than the one before.
        self.clock.turn(1)
        return await self.services.people.create(email, password=password)

    async def session(self, person: Person, lifetime: int = 3_600) -> str:
        """The token of a session."""
        self.clock.turn(1)
        issued = await self.services.tokens.issue(Bearer.PERSON, person.id, "console", lifetime=lifetime)
        return issued.token

    async def who(self, person: Person) -> Principal:
        return await self.services.people.principal(person.id)

    async def signed_in(self, email: str = "owner@example.org") -> Browser:
        """The browser of a new person with a session."""
        return self.browser(await self.session(await self.person(email)))


class Browser(httpx.AsyncClient):
    """Sends what a page of the server would: an origin with whatever changes something."""

    def __init__(self, app: Any, token: str, base: str, peer: str) -> None:
        super().__init__(transport=httpx.ASGITransport(app, client=(peer, 4711)), base_url=base)
        self.origin = base
        if token:
            self.cookies.set("rookery_session", token, domain="rookery.test", path="/console")

    async def api(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """A call of the console's own API."""
        headers = {"origin": self.origin} | more.pop("headers", {})
        content = None if body is None else json.dumps(body).encode()
        return await self.request(method, f"/console/api/{path}", content=content, headers=headers, **more)


def refused(answer: httpx.Response) -> tuple[int, str, str | None]:
    """Status, code and field of a refusal in the one shape that there is."""
    told = answer.json()
    assert set(told) >= {"error", "message"}, told
    assert told["message"].endswith("."), told
    return answer.status_code, told["error"], told.get("field")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
def room(tmp_path: Path, clock: ManualClock, key_folder: Path) -> Room:
    settings = Settings.load({}, {"data_dir": tmp_path, "hosts": "cloud.example.org"})
    keys = KeyStore.open(tmp_path / "keys", server_names(), START, subject=SUBJECT)
    return Room(memory_services(clock=clock), clock, settings, keys, key_folder)
