"""A board: the vendor's Python device client, unmodified, told by lines of JSON what to do (see `program.py`).

Its one argument is a JSON object: `device_id`, `secret` (absent with a certificate), `host`, `port`, `sync`, `tls`
(the client's `ssl_params`), and `variables`, a list of objects with `name`, `kind` (`value`, `light`, `place`) and
optionally the `value` it starts with.

Orders: `set` (`values` by name; an object sets attributes), `get` (`names`) and `thing`.
Events: `written` (`name`, `value`) when the cloud has written a variable, and `log` (`text`) for what the client logs.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import ssl
import sys
import threading
import time
from typing import Any

from arduino_iot_cloud import ArduinoCloudClient, ColoredLight, Location, Task

KINDS = {"light": ColoredLight, "place": Location}
ATTRIBUTES = {"light": ("swi", "hue", "sat", "bri"), "place": ("lat", "lon")}
OFTEN = 0.05
"""Seconds between two looks for orders and for written values."""


def say(**message: Any) -> None:
    """Tell the test."""
    # One write a line: the thread that logs must not cut a line of another in two.
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


class Saying(logging.Handler):
    """Tells the test what the client logs."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one line."""
        say(event="log", text=record.getMessage())


class Board:
    """The client with its variables."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._kinds = {one["name"]: one["kind"] for one in options["variables"]}
        self._orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        tls = dict(options["tls"])
        if "verify_mode" in tls:
            tls["verify_mode"] = ssl.VerifyMode(tls["verify_mode"])
        login = {"username": options["device_id"], "password": options["secret"]} if "secret" in options else {}
        self._sync = options["sync"]
        self.client = ArduinoCloudClient(
            device_id=options["device_id"],
            server=options["host"],
            port=options["port"],
            sync_mode=self._sync,
            ssl_params=tls,
            **login,
        )
        for one in options["variables"]:
            self._register(one)
        self.client.register(Task("orders", on_run=self._obey, interval=OFTEN))

    def run(self) -> None:
        """Run for ever."""
        if not self._sync:
            self.client.start()
        while True:
            self.client.update()
            time.sleep(OFTEN)

    def listen(self) -> None:
        """Take orders from standard input; its end is the program's."""
        for line in sys.stdin:
            self._orders.put(json.loads(line))
        os._exit(0)

    def _register(self, variable: dict[str, Any]) -> None:
        name, kind, value = variable["name"], variable["kind"], variable.get("value")
        common = {"on_write": self._written(name), "interval": OFTEN}
        if kind in KINDS:
            self.client.register(KINDS[kind](name, **common, **(value or {})))
        else:
            self.client.register(name, value=value, **common)

    def _set(self, name: str, value: Any) -> None:
        if isinstance(value, dict):
            for attribute, part in value.items():
                setattr(self.client[name], attribute, part)
        else:
            self.client[name] = value

    def _written(self, name: str) -> Any:
        def tell(client: Any, value: Any) -> None:
            say(event="written", name=name, value=self._plain(name))

        return tell

    def _plain(self, name: str) -> Any:
        value = self.client[name]
        attributes = ATTRIBUTES.get(self._kinds[name])
        return value if attributes is None else {attribute: getattr(value, attribute) for attribute in attributes}

    def _obey(self, client: Any, args: Any) -> None:
        while True:
            try:
                order = self._orders.get_nowait()
            except queue.Empty:
                return
            try:
                say(answer=order["order"], result=self._do(order))
            except Exception as error:
                say(answer=order["order"], error=repr(error))

    def _do(self, order: dict[str, Any]) -> Any:
        match order["do"]:
            case "set":
                for name, value in order["values"].items():
                    self._set(name, value)
                return None
            case "get":
                return {name: self._plain(name) for name in order["names"]}
            case "thing":
                return self.client.thing_id
            case unknown:
                raise ValueError(unknown)


def main() -> None:
    """Be a board."""
    logging.basicConfig(level=logging.INFO, handlers=[Saying()])
    board = Board(json.loads(sys.argv[1]))
    threading.Thread(target=board.listen, daemon=True).start()
    board.run()


if __name__ == "__main__":
    main()
