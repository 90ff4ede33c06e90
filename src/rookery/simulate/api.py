"""A small client of the public REST API, with nothing but the standard library.

One connection, one request at a time, in a thread: what a set-up of some hundred boards needs, inside a server's event
loop as well.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from rookery.simulate.shell import Trust, explain

PATIENCE: Final = 30.0
"""Seconds for an answer."""
TOKEN_MARGIN: Final = 30.0
"""Seconds before its end at which a token is renewed."""
MOST_ATTEMPTS: Final = 6
"""Of a request that is answered 429, a second or what `Retry-After` says apart."""
LONGEST_RETRY: Final = 30.0
"""Seconds that we wait for one such answer at the most."""
LONGEST_ANSWER: Final = 64 << 20
"""Bytes. A list of ten thousand things with ten properties each is smaller."""


class ApiUnreachable(Exception):
    """Nobody answers, or not in HTTP. `str()` is a sentence for people."""


class ApiRefused(Exception):
    """The server answered with an error. `str()` is a sentence for people."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class ApiKey(NamedTuple):
    """An API key, from which tokens of the Arduino API are made."""

    id: str
    secret: str


class Api:
    """The API of one server: Arduino's as the owner of an API key sees it, Particle's with an access token (text)."""

    def __init__(
        self, url: str, key: ApiKey | str, trust: Trust | None = None, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """`pause` is called in a thread, with seconds to wait before a request is repeated.

        Raises:
        ValueError: not the address of an HTTP server.
        OSError: the file of the authority can not be read.
        """
        parts = urlsplit(url if "//" in url else f"https://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is not the address of an HTTP server.")
        self.host = parts.hostname
        self._url = f"{parts.scheme}://{parts.netloc}"
        self._path = parts.path.rstrip("/")
        self._key = key
        self._pause = pause
        self._connection = (
            http.client.HTTPConnection(self.host, parts.port, timeout=PATIENCE)
            if parts.scheme == "http"
            else http.client.HTTPSConnection(
                self.host, parts.port, timeout=PATIENCE, context=(trust or Trust()).context()
            )
        )
        self._busy = threading.Lock()
        self._used = False
        self._token = ""
        self._token_ends = 0.0

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """A request with the key's token; what the server answers, decoded.

        Raises:
            ApiUnreachable: no answer.
            ApiRefused: an answer with an error.
        """
        return await asyncio.to_thread(self._alone, method, path, body)

    async def close(self) -> None:
        """End the connection, after the request that may still be on it: whoever waited for that one may have gone."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        with self._busy:
            self._connection.close()

    def _alone(self, method: str, path: str, body: Any) -> Any:
        with self._busy:
            return self._call(method, path, body)

    def _call(self, method: str, path: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body).encode()
        for attempt in range(MOST_ATTEMPTS):
            headers = {"Authorization": f"Bearer {self._valid_token()}", "Accept": "application/json"}
            if data is not None:
                headers["Content-Type"] = "application/json"
            status, answer, retry_after = self._exchange(method, path, data, headers)
            if status != 429 or attempt == MOST_ATTEMPTS - 1:
                break
            self._pause(min(max(retry_after, 1.0), LONGEST_RETRY))
        if status >= 400:
            raise ApiRefused(status, _reason(method, path, status, answer))
        try:
            return json.loads(answer) if answer.strip() else None
        except ValueError as error:
            raise ApiUnreachable(f"What answers at {self._url} is not Rookery: {path} is not JSON.") from error

    def _valid_token(self) -> str:
        if isinstance(self._key, str):
            return self._key
        if time.monotonic() < self._token_ends:
            return self._token
        form = {
            "grant_type": "client_credentials",
            "client_id": self._key.id,
            "client_secret": self._key.secret,
            "audience": "https://api2.arduino.cc/iot",
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        path = "/iot/v1/clients/token"
        status, answer, _ = self._exchange("POST", path, urlencode(form).encode(), headers)
        if status >= 400:
            raise ApiRefused(status, _reason("POST", path, status, answer))
        try:
            granted = json.loads(answer)
            self._token = str(granted["access_token"])
            self._token_ends = time.monotonic() + float(granted["expires_in"]) - TOKEN_MARGIN
        except (ValueError, KeyError, TypeError) as error:
            raise ApiUnreachable(f"What answers at {self._url} is not Rookery.") from error
        return self._token

    def _exchange(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes, float]:
        """Status, body and `Retry-After`."""
        while True:
            again = self._used
            try:
                self._connection.request(method, self._path + path, data, headers)
                response = self._connection.getresponse()
                answer = response.read(LONGEST_ANSWER)
                self._used = True
                return response.status, answer, _seconds(response.getheader("Retry-After"))
            except (http.client.HTTPException, OSError) as error:
                self._connection.close()
                self._used = False
                # A kept connection may have been closed while it was idle, which is no failure of the server.
                if not (again and isinstance(error, http.client.RemoteDisconnected | ConnectionError)):
                    raise ApiUnreachable(f"{self._url} does not answer: {explain(error)}.") from error


def _seconds(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def _reason(method: str, path: str, status: int, answer: bytes) -> str:
    """The server's own words, where it has any."""
    try:
        told = json.loads(answer)
        detail = told.get("detail") or told.get("error_description") or told.get("error") or ""
    except (ValueError, AttributeError):
        detail = ""
    text = "".join(c for c in str(detail)[:300] if c.isprintable())
    return f"{method} {path}: {status} {text}".rstrip()
