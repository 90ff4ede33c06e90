"""One person's account on the server under test, through plain HTTP requests: what tests of devices and of live values
prepare and look up beside the client they try."""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from rookery.testing.sandbox import ApiKey, Sandbox
from tests.clients.waiting import eventually

EARLY = 60.0
"""Seconds before its end at which a token is replaced."""

VARIABLES = (
    ("count", "INT"),
    ("ratio", "FLOAT"),
    ("flag", "STATUS"),
    ("label", "CHARSTRING"),
    ("lamp", "HOME_COLORED_LIGHT"),
    ("place", "LOCATION"),
)
"""One variable of every kind: name and property type."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing and the ids of its properties by name."""

    id: str
    properties: dict[str, str]


@dataclass(frozen=True, slots=True)
class Device:
    """A device and its secret key."""

    id: str
    secret: str


class Account:
    """What a person with an API key does."""

    def __init__(self, sandbox: Sandbox, key: ApiKey | None = None) -> None:
        self.key = key or sandbox.arduino
        context = ssl.create_default_context(cafile=sandbox.ca)
        self._http = httpx.Client(base_url=sandbox.https, verify=context, timeout=30)
        self._token = ""
        self._renew = 0.0

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def token(self) -> str:
        """An access token with at least a minute to go."""
        if time.monotonic() >= self._renew:
            form = {
                "grant_type": "client_credentials",
                "client_id": self.key.client_id,
                "client_secret": self.key.client_secret,
                "audience": "https://api2.arduino.cc/iot",
            }
            answer = self._http.post("/iot/v1/clients/token", data=form)
            assert answer.status_code == 200, answer.text
            granted = answer.json()
            self._token = granted["access_token"]
            self._renew = time.monotonic() + granted["expires_in"] - EARLY
        return self._token

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call an operation that must succeed; its answer."""
        answer = self._http.request(method, path, json=body, headers={"Authorization": f"Bearer {self.token}"})
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def new_device(self, name: str = "board") -> Device:
        """A device that logs in with a secret key."""
        device = self.call("PUT", "/iot/v2/devices", {"name": name, "type": "generic_device_secretkey"})
        path = f"/iot/v2/devices/{device['id']}/pass"
        secret = self.call("GET", f"{path}?suggested_password=true")["suggested_password"]
        self.call("PUT", path, {"password": secret})
        return Device(device["id"], secret)

    def new_thing(
        self, name: str = "thing", device: Device | None = None, variables: Sequence[tuple[str, str]] = VARIABLES
    ) -> Thing:
        """A thing with writable variables."""
        body: dict[str, Any] = {
            "name": name,
            "timezone": "Europe/Rome",
            "properties": [
                {
                    "name": variable,
                    "variable_name": variable,
                    "type": kind,
                    "permission": "READ_WRITE",
                    "update_strategy": "ON_CHANGE",
                }
                for variable, kind in variables
            ],
        }
        if device is not None:
            body["device_id"] = device.id
        thing = self.call("PUT", "/iot/v2/things", body)
        return Thing(thing["id"], {found["variable_name"]: found["id"] for found in thing["properties"]})

    def attach(self, thing: Thing, device: Device) -> None:
        """Attach the device to the thing."""
        self.call("POST", f"/iot/v2/things/{thing.id}", {"device_id": device.id})

    def publish(self, thing: Thing, name: str, value: Any) -> None:
        """Set a variable as a person does: it goes to the board."""
        self.call("PUT", f"/iot/v2/things/{thing.id}/properties/{thing.properties[name]}/publish", {"value": value})

    def value(self, thing: Thing, name: str) -> Any:
        """The last value of a variable; None when it never had one."""
        return self.call("GET", f"/iot/v2/things/{thing.id}/properties/{thing.properties[name]}").get("last_value")

    def values(self, thing: Thing) -> dict[str, Any]:
        """The last values of all variables that have one."""
        found = self.call("GET", f"/iot/v2/things/{thing.id}/properties")
        return {one["variable_name"]: one["last_value"] for one in found if "last_value" in one}

    def history(self, thing: Thing, name: str) -> list[Any]:
        """All stored values of a variable, the oldest first."""
        request = {"q": f"property.{thing.properties[name]}", "sort": "ASC"}
        answer = self.call("POST", "/iot/v2/series/batch_query_raw", {"requests": [request], "resp_version": 1})
        (response,) = answer["responses"]
        assert response["status"] == "ok", response
        return list(response["values"])

    def online(self, device: Device) -> bool:
        """Whether the device has a connection."""
        status = self.call("GET", f"/iot/v2/devices/{device.id}")["device_status"]
        return bool(status == "ONLINE")

    def wait_for_value(self, thing: Thing, name: str, value: Any) -> None:
        """Wait until that is the last value of the variable."""
        eventually(lambda: self.value(thing, name), lambda seen: seen == value and type(seen) is type(value))

    def wait_for_online(self, device: Device, online: bool = True) -> None:
        """Wait until the device is connected, or not any more."""
        eventually(lambda: self.online(device), lambda seen: seen is online)
