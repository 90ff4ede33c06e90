"""What runs on a simulated Particle board: Device OS of some version, and an application with variables and functions.

A *model* is a board as it leaves the factory: platform, version of Device OS, what it can do. A `Firmware` is a model
with an application; it changes when an update arrives or somebody adds a function, and says of itself what a Hello and
a description say (particle-device.md §4.1, §4.3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from rookery.particle.device.describe import (
    APPLICATION,
    SYSTEM,
    TYPES,
    Described,
    Module,
    encode_application,
    encode_system,
    encode_system_protobuf,
)
from rookery.particle.device.hello import (
    DESCRIBES_ITSELF,
    DIAGNOSTICS,
    GOODBYE,
    IMMEDIATE_UPDATES,
    OTA_SUCCEEDED,
    OTA_V3,
    Hello,
    encode_hello,
)
from rookery.particle.device.module import Function as ModuleFunction
from rookery.particle.device.module import Module as Binary
from rookery.particle.device.ota_board import Abilities
from rookery.particle.device.values import encode_value
from rookery.particle.platforms import Limits, Platform, limits, platform

Variable = bool | int | float | str | Callable[[], bool | int | float | str]
"""A value, or what gives it each time it is asked for."""
Function = Callable[[str], int | None]
"""Argument to result. None: the user's code has not come back, and the cloud gets no result."""

COMMON: Final = DIAGNOSTICS | IMMEDIATE_UPDATES | GOODBYE | DESCRIBES_ITSELF
PROTOBUF_SINCE: Final = 5_500
"""Device OS that sends the system part as protobuf (§4.3)."""
ALL_CHECKS: Final = 0x1E
"""Integrity, dependencies, range, platform (§4.3)."""
_KINDS: Final = {bool: "bool", int: "int32", float: "double", str: "string"}
_LETTERS: Final = {
    ModuleFunction.BOOTLOADER: "b",
    ModuleFunction.SYSTEM_PART: "s",
    ModuleFunction.USER_PART: "u",
    ModuleFunction.NCP_FIRMWARE: "c",
    ModuleFunction.RADIO_STACK: "a",
}


class Model(NamedTuple):
    """A kind of board: numbers as the Hello says them."""

    platform_id: int
    system_version: int
    flags: int
    max_message: int
    max_binary: int
    ota_chunk: int

    @property
    def platform(self) -> Platform:
        """Its line in the table of platforms."""
        return platform(self.platform_id)


MODELS: Final = {
    model.platform.name: model
    for model in (
        Model(6, 3_300, COMMON, 960, 0x1E000, 512),
        Model(8, 3_300, COMMON, 960, 0x1E000, 512),
        Model(12, 6_200, COMMON | OTA_V3, 1_152, 0x20000, 512),
        Model(13, 6_200, COMMON | OTA_V3, 1_152, 0x20000, 512),
        Model(32, 6_200, COMMON | OTA_V3, 1_152, 0x180000, 512),
    )
}
"""By the name of the platform: the last Device OS of Gen 2, and the current one of the others. Flags are those that the
virtual device says (§13.4)."""


class Firmware:
    """A model with an application."""

    __slots__ = (
        "_system",
        "_system_payload",
        "functions",
        "model",
        "product_id",
        "product_version",
        "safe_mode",
        "updated",
        "variables",
    )

    def __init__(
        self,
        model: Model,
        variables: Mapping[str, Variable] | None = None,
        functions: Mapping[str, Function] | None = None,
        *,
        product_id: int | None = None,
        product_version: int | None = None,
    ) -> None:
        self.model = model
        self.variables = dict(variables or {})
        self.functions = dict(functions or {})
        self.product_id = model.platform_id if product_id is None else product_id
        self.product_version = product_version
        self.safe_mode = False
        """Only the system runs: no variables, no functions."""
        self.updated = False
        """The last update went well, which the next Hello says."""
        self._system = _factory_modules(model)
        self._system_payload = b""

    @property
    def limits(self) -> Limits:
        """What fits into its messages."""
        return limits(self.model.platform_id, self.model.system_version)

    def abilities(self, *, reliable: bool) -> Abilities:
        """What it is to the protocols of updates."""
        model = self.model
        return Abilities(
            model.platform_id,
            windowed=bool(model.flags & OTA_V3),
            reliable=reliable,
            maximum_size=model.max_binary,
            message_size=model.max_message,
        )

    def hello(self, device_id: str, *, reliable: bool) -> bytes:
        """The payload of its Hello; over TCP the id was said in the handshake."""
        model = self.model
        return encode_hello(
            Hello(
                product_id=self.product_id,
                product_version=self.product_version,
                flags=model.flags | (OTA_SUCCEEDED if self.updated else 0),
                platform_id=model.platform_id,
                device_id="" if reliable else device_id,
                system_version=model.system_version,
                max_message=model.max_message,
                max_binary=model.max_binary,
                ota_chunk=model.ota_chunk,
            )
        )

    @property
    def protobuf(self) -> bool:
        """Whether the system part is protobuf."""
        return self.model.system_version >= PROTOBUF_SINCE

    def described(self, part: int) -> bytes:
        """The payload of one part of the description, `SYSTEM` or `APPLICATION`."""
        if part == APPLICATION:
            names = {} if self.safe_mode else self.variables
            return encode_application(
                Described(
                    parts=APPLICATION,
                    functions=[] if self.safe_mode else list(self.functions),
                    variables={name: kind_of(_value(variable)) for name, variable in names.items()},
                )
            )
        if not self._system_payload:
            described = Described(parts=SYSTEM, modules=self._system)
            encode = encode_system_protobuf(described) if self.protobuf else None
            self._system_payload = encode or encode_system(described, self.model.platform_id)
        return self._system_payload

    def read(self, name: str) -> bytes | None:
        """The bytes of a variable, None when there is none of that name. Text is cut off where the buffer ends."""
        if self.safe_mode or name not in self.variables:
            return None
        value = _value(self.variables[name])
        return encode_value(kind_of(value), value)[: self.limits.data]

    def install(self, binary: Binary) -> None:
        """An update has arrived; from the next start on this is what runs."""
        self.updated = True
        self.safe_mode = False
        if binary.product_id is not None:
            self.product_id = binary.product_id
        if binary.product_version is not None:
            self.product_version = binary.product_version
        letter = _LETTERS.get(ModuleFunction(binary.function), "_")
        module: Module = {"s": self.model.max_binary, "l": "m", "vc": ALL_CHECKS, "vv": ALL_CHECKS}
        if letter == "u":
            module["u"] = binary.sha256.hex()
        module |= {"f": letter, "n": str(binary.index), "v": binary.version, "d": []}
        kept = [each for each in self._system if (each["f"], each["n"]) != (letter, module["n"])]
        self._system = [*kept, module]
        self._system_payload = b""


def kind_of(value: Any) -> str:
    """The type by which the description names a value (§4.3).

    Raises:
        ValueError: no variable of a board can be that.
    """
    kind = _KINDS.get(type(value))
    if kind is None or kind not in TYPES.values():
        raise ValueError(f"a variable is a bool, an int, a float or a str, not {type(value).__name__}")
    return kind


def _value(variable: Variable) -> bool | int | float | str:
    return variable() if callable(variable) else variable


def _factory_modules(model: Model) -> list[Module]:
    """Bootloader, system and application."""

    def module(function: str, index: int, version: int, depends: list[Module]) -> Module:
        checked = {"s": model.max_binary, "l": "m", "vc": ALL_CHECKS, "vv": ALL_CHECKS}
        return {**checked, "f": function, "n": str(index), "v": version, "d": depends}

    system: Module = {"f": "s", "n": "1", "v": model.system_version}
    application = module("u", 1, 1, [system])
    application["u"] = hashlib.sha256(f"factory application {model.platform_id}".encode()).hexdigest()
    return [module("b", 0, 1_000, []), module("s", 1, model.system_version, []), application]
