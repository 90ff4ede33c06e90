"""The sandbox as people with Particle boards see it: simulated boards on its true device ports, and what a test
prepares over the API beside the client that it tries.

Boards run in this process on an event loop of their own, in a thread; clients and server are other processes.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Coroutine
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import httpx

from rookery.particle.device.module import build
from rookery.particle.platforms import Transport
from rookery.simulate.particle import line_of, make_device_id, make_key, virtual_board
from rookery.testing.sandbox import Sandbox
from tests.clients.command_line import order
from tests.clients.waiting import PATIENCE, eventually

T = TypeVar("T")

HOST = "127.0.0.1"
PASSWORD = "a password of ours"
PHOTON = 6
ARGON = 12
VARIABLES: dict[str, bool | int | float | str] = {"sensor": 42, "ratio": 1.5, "flag": True, "label": '{"a":1}'}
"""Of every board here: one of each type, the text one that could be taken for JSON."""
_RANDOM = Random()


class Cloud:
    """A server, its owner, and boards."""

    def __init__(self, sandbox: Sandbox) -> None:
        described = sandbox.described
        self.base: str = described["http"]
        self.email = sandbox.user.email
        assert sandbox.user.password is not None
        self.password = sandbox.user.password
        self.token: str = described["particle"]["access_token"]
        self._sandbox = sandbox
        self._ports = {"tcp": described["particle_tcp"]["port"], "udp": described["particle_udp"]["port"]}
        files = described["particle_server_key"]
        self._server_keys = {
            "tcp": Path(files["rsa"]).read_bytes(),
            "udp": Path(files["ec"]).read_bytes(),
        }
        self._boards: list[Board] = []
        self._http = httpx.Client(base_url=self.base, timeout=PATIENCE, trust_env=False)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="boards")
        self._thread.start()

    def close(self) -> None:
        """Switch everything off."""
        for board in self._boards:
            board.disconnect()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()
        self._http.close()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Something in the boards' loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE)

    def send(self, method: str, path: str, *, token: str | None = None, **more: Any) -> httpx.Response:
        """A request with the owner's token, or another; "" for none."""
        wanted = self.token if token is None else token
        headers = {"Authorization": f"Bearer {wanted}"} if wanted else {}
        return self._http.request(method, path, headers=headers, **more)

    def call(self, method: str, path: str, *, token: str | None = None, **more: Any) -> Any:
        """A request that must succeed; its answer."""
        answer = self.send(method, path, token=token, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def order(self, *words: str) -> Any:
        """What the operator types."""
        return order(self._sandbox, *words)

    def board(self, transport: Transport = "tcp", *, claim_code: str = "") -> Board:
        """A new board, connected and, without a claim code, nobody's."""
        board = Board(self, transport, claim_code)
        self._boards.append(board)
        return board

    def claimed(self, transport: Transport = "tcp") -> Board:
        """A new board of the owner's."""
        board = self.board(transport)
        self.call("POST", "/v1/devices", json={"id": board.id})
        return board

    def port(self, transport: Transport) -> int:
        """Where boards dial."""
        return int(self._ports[transport])

    def dial(self, board: Board) -> Any:
        """The simulated board behind `board`, switched on. To be called in the loop."""
        return virtual_board(
            board.id,
            make_key(board.transport),
            self._server_keys[board.transport],
            HOST,
            self.port(board.transport),
            variables=VARIABLES,
            functions={"setColor": board.setColor, "fail": board.fail},
            claim_code=board.claim_code,
        )

    def wait_until_online(self, board: Board, online: bool = True) -> None:
        """Until the server knows of it. When it does, it also knows what the board can do."""

        def seen() -> bool:
            shown = self.call("GET", f"/v1/devices/{board.id}")
            return shown["online"] is online and (not online or bool(shown["variables"]))

        eventually(seen)

    def wait_until_owned(self, board: Board, token: str) -> None:
        """Until it is among the devices of whoever has this token, with all that it can do."""
        path = "/v1/devices"
        eventually(
            lambda: any(one["id"] == board.id and one["variables"] for one in self.call("GET", path, token=token))
        )

    def person(self, email: str) -> str:
        """A token of a new person."""
        self.call("POST", "/v1/users", token="", json={"username": email, "password": PASSWORD})
        return self.log_in(email, PASSWORD)

    def stranger(self) -> str:
        """A token of somebody else."""
        return self.person(fresh_email())

    def log_in(self, email: str, password: str) -> str:
        """A token by the password grant."""
        form = {"grant_type": "password", "username": email, "password": password}
        form |= {"client_id": "particle", "client_secret": "particle"}
        return str(self.call("POST", "/oauth/token", token="", data=form)["access_token"])

    def product(self) -> int:
        """The number of a new product for Photons."""
        body = {"product": {"name": f"Lamp {secrets.token_hex(4)}", "platform_id": PHOTON}}
        return int(self.call("POST", "/v1/user/products", json=body)["product"]["id"])


class Board:
    """A simulated board and what it went through."""

    def __init__(self, cloud: Cloud, transport: Transport, claim_code: str) -> None:
        self.id = fresh_id()
        self.transport = transport
        self.claim_code = claim_code
        self.calls: list[tuple[str, str]] = []
        """Functions that were called, with their arguments."""
        self.heard: list[tuple[str, str]] = []
        """Events that it was told, with their data."""
        self._cloud = cloud
        self._board = cloud.run(self._begin())

    def setColor(self, argument: str) -> int:
        """A function of the board."""
        self.calls.append(("setColor", argument))
        return 1

    def fail(self, argument: str) -> int:
        """A function of the board that says no."""
        self.calls.append(("fail", argument))
        return -1

    async def _begin(self) -> Any:
        board = self._cloud.dial(self)
        board.subscribe("fleet", lambda name, data: self.heard.append((name, data.decode())))
        await board.connected()
        return board

    @property
    def signalling(self) -> bool:
        """Whether it shouts rainbows."""
        return bool(self._board.signalling)

    @property
    def kept_code(self) -> str:
        """The claim code that it still presents."""
        return str(self._board.claim_code)

    def set_code(self, code: str) -> None:
        """Give it a claim code, as a phone does, whereupon it connects anew."""
        self.disconnect()
        self._board.claim_code = code
        self.connect()

    def ask_name(self) -> str:
        """What it hears when it asks for its name."""
        return str(self._cloud.run(self._board.ask_name()))

    def publish(self, name: str, data: str) -> None:
        """Publish an event; returns when it has arrived."""
        self._cloud.run(self._board.publish(name, data))

    def disconnect(self) -> None:
        """Switch it off."""
        self._cloud.run(self._off())

    async def _off(self) -> None:
        self._board.stop()

    def connect(self) -> None:
        """Switch it on again."""
        self._cloud.run(self._on())

    async def _on(self) -> None:
        self._board.start(line_of(self._board, HOST, self._cloud.port(self.transport)))
        await self._board.connected()


def fresh_id() -> str:
    """The id of a board that nobody knows."""
    return make_device_id(_RANDOM)


def fresh_email() -> str:
    """An address that nobody has."""
    return f"{secrets.token_hex(6)}@rookery.local"


def firmware() -> bytes:
    """A program for a Photon, as a compiler leaves it."""
    return build(PHOTON, body=bytes(3_000))
