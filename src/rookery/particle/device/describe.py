"""What a board says it is made of: functions and variables of its application, modules of its firmware (§4.3 of
particle-device.md).

There are three forms. The application part is JSON. The system part was JSON up to Device OS 5.4 and is protobuf from
5.5 on. Up to 3.2 both parts could come as one JSON object. They are told apart by their content, so that nobody needs
to know the version of a board first: no protobuf message of this kind begins with a brace.

Modules are kept in the short form of the vendor's `spark/status/safe-mode` event (particle-rest.md §6.6), whichever
form they came in: `s` largest size, `l` store, `vc` checks done, `vv` checks passed, `u` SHA-256 in hexadecimal, `f`
function, `n` index (text), `v` version, `d` dependencies of `f`, `n`, `v`.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from msgspec import DecodeError, Struct, field
from msgspec import json as msgjson

from rookery.particle.device.errors import MessageError
from rookery.particle.device.protobuf import bytes_field, fields, fixed32_field, varint_field

SYSTEM: Final = 1
APPLICATION: Final = 2
METRICS: Final = 4
"""The bits of the query, of which one is asked for at a time (§4.3)."""

MAX_DESCRIBE: Final = 65_536
"""Bytes: what a body in blocks may have."""
MAX_NAMES: Final = 1_024
"""Functions, and variables. Applications have some dozens; a name of one letter needs four bytes of the above."""
MAX_NAME: Final = 64
"""Bytes of a name (§4.4)."""
MAX_MODULES: Final = 64
"""A board has five to ten, in four stores."""
MAX_DEPENDENCIES: Final = 16
"""Of one module. Their header has room for two."""
MAX_TEXT: Final = 128
"""Characters of an IMEI, an ICCID, the version of a modem. The longest seen has 60."""

DEPENDENCIES_CHECK: Final = 0x04
"""The bit of `vc` and `vv` for: what this module needs is there."""

TYPES: Final = {1: "bool", 2: "int32", 4: "string", 9: "double"}
_TYPE_NUMBERS: Final = {name: number for number, name in TYPES.items()}

_STORES: Final = {0: "m", 1: "f", 2: "b", 3: "t"}
_FUNCTIONS: Final = {0: "n", 1: "r", 2: "b", 3: "m", 4: "s", 5: "u", 6: "_", 7: "c", 8: "a", 9: "_"}
_STORE_NUMBERS: Final = {letter: number for number, letter in _STORES.items()}
_FUNCTION_NUMBERS: Final = {letter: number for number, letter in _FUNCTIONS.items()}

Module = dict[str, Any]

T = TypeVar("T")


class Described(Struct, frozen=True, kw_only=True):
    """What is known of a board. `parts` says which of it: `SYSTEM`, `APPLICATION`, or both."""

    parts: int = 0
    functions: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    platform_id: int | None = None
    modules: list[Module] = field(default_factory=list)
    imei: str | None = None
    iccid: str | None = None
    cellfw: str | None = None
    protected: bool = False

    def merged(self, later: Described) -> Described:
        """This, with the parts replaced that came later."""
        system = later if later.parts & SYSTEM else self
        application = later if later.parts & APPLICATION else self
        return Described(
            parts=self.parts | later.parts,
            functions=application.functions,
            variables=application.variables,
            platform_id=system.platform_id,
            modules=system.modules,
            imei=system.imei,
            iccid=system.iccid,
            cellfw=system.cellfw,
            protected=system.protected,
        )

    @property
    def misses_dependencies(self) -> bool:
        """A module that should run lacks what it needs: the board is in safe mode."""
        return any(
            module["l"] == "m" and module["vc"] & DEPENDENCIES_CHECK and not module["vv"] & DEPENDENCIES_CHECK
            for module in self.modules
        )

    @property
    def application_hash(self) -> str | None:
        """SHA-256 of the application, 64 hexadecimal digits."""
        for module in self.modules:
            if module["f"] == "u" and module["l"] == "m":
                found: str | None = module.get("u")
                return found
        return None

    def safe_mode_message(self, platform_id: int) -> dict[str, Any]:
        """The data of `spark/status/safe-mode`, before it becomes text."""
        known = {"imei": self.imei, "iccid": self.iccid, "cellfw": self.cellfw}
        return {
            "p": platform_id if self.platform_id is None else self.platform_id,
            **{name: text for name, text in known.items() if text is not None},
            "m": self.modules,
        }


class _Dependency(Struct):
    f: str = "n"
    n: str | int = "0"
    v: int = 0


class _Module(Struct):
    s: int = 0
    l: str = "m"  # noqa: E741 - the member is called so
    vc: int = 0
    vv: int = 0
    u: str | None = None
    f: str = "n"
    n: str | int = "0"
    v: int = 0
    d: list[_Dependency] = field(default_factory=list)


class _Json(Struct):
    f: list[str] | None = None
    v: dict[str, int] | None = None
    p: int | None = None
    m: list[_Module] | None = None
    imei: str | None = None
    iccid: str | None = None
    cellfw: str | None = None


_decoder = msgjson.Decoder(_Json)


def decode_describe(payload: bytes) -> Described:
    """The description in a payload of any of the forms.

    Raises:
        MessageError: none of them, or more of something than there may be.
    """
    if len(payload) > MAX_DESCRIBE:
        raise MessageError(f"a description of {len(payload)} bytes is longer than {MAX_DESCRIBE}")
    if not payload:
        raise MessageError("a description of nothing")
    # White space in front is no sign of JSON: a protobuf message begins with a line feed, the key of its first module.
    if payload[:1] == b"{":
        return _from_json(payload)
    return _from_protobuf(payload)


def _from_json(payload: bytes) -> Described:
    try:
        found = _decoder.decode(payload)
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MessageError(f"a description that cannot be read: {type(error).__name__}") from error
    parts = 0
    if found.f is not None or found.v is not None:
        parts |= APPLICATION
    if found.m is not None or found.p is not None:
        parts |= SYSTEM
    functions, variables = found.f or [], found.v or {}
    if len(functions) > MAX_NAMES or len(variables) > MAX_NAMES:
        raise MessageError(f"more than {MAX_NAMES} functions or variables")
    for name in (*functions, *variables):
        if not 0 < len(name.encode()) <= MAX_NAME:
            raise MessageError(f"a name that has not 1 to {MAX_NAME} bytes")
    return Described(
        parts=parts,
        functions=functions,
        # A type of tomorrow is read as text: that loses nothing but its looks.
        variables={name: TYPES.get(number, "string") for name, number in variables.items()},
        platform_id=found.p,
        modules=[_short(module) for module in _counted(found.m or [], MAX_MODULES)],
        imei=_text(found.imei),
        iccid=_text(found.iccid),
        cellfw=_text(found.cellfw),
    )


def _short(module: _Module) -> Module:
    out: Module = {"s": module.s, "l": _text(module.l), "vc": module.vc, "vv": module.vv}
    if module.u is not None:
        out["u"] = _text(module.u)
    dependencies = [_reference_of(each) for each in _counted(module.d, MAX_DEPENDENCIES)]
    return out | _reference_of(module) | {"d": dependencies}


def _reference_of(module: _Module | _Dependency) -> Module:
    return {"f": _text(module.f), "n": _text(str(module.n)), "v": module.v}


def _from_protobuf(payload: bytes) -> Described:
    modules: list[Module] = []
    texts: dict[int, str] = {}
    protected = False
    for number, value in fields(payload):
        if number == 1:
            _counted(modules, MAX_MODULES - 1)
            modules.append(_module(_raw(value)))
        elif number in (2, 3, 4):
            texts[number] = _text(_raw(value).decode("utf-8", "replace")) or ""
        elif number == 6:
            protected = bool(value)
    return Described(
        parts=SYSTEM,
        modules=modules,
        imei=texts.get(2),
        iccid=texts.get(3),
        cellfw=texts.get(4),
        protected=protected,
    )


def _module(data: bytes) -> Module:
    numbers: dict[int, int] = {}
    sha256: bytes | None = None
    dependencies: list[Module] = []
    for number, value in fields(data):
        if number == 8:
            sha256 = _raw(value)
            if len(sha256) > MAX_TEXT:
                raise MessageError("a hash that is none")
        elif number == 9:
            _counted(dependencies, MAX_DEPENDENCIES - 1)
            dependencies.append(_reference(_raw(value)))
        elif type(value) is int:
            numbers[number] = value
    out: Module = {
        "s": numbers.get(5, 0),
        "l": _STORES.get(numbers.get(4, 0), "_"),
        "vc": numbers.get(6, 0),
        "vv": numbers.get(7, 0),
    }
    if sha256:
        out["u"] = sha256.hex()
    return out | _named(numbers) | {"d": dependencies}


def _reference(data: bytes) -> Module:
    return _named({number: value for number, value in fields(data) if type(value) is int})


def _named(numbers: dict[int, int]) -> Module:
    return {"f": _FUNCTIONS.get(numbers.get(1, 0), "_"), "n": str(numbers.get(2, 0)), "v": numbers.get(3, 0)}


def _raw(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise MessageError("a number where a message or text belongs")
    return value


def _counted(items: list[T], most: int) -> list[T]:
    if len(items) > most:
        raise MessageError(f"more than {most} entries in a description")
    return items


def _text(text: str | None) -> str | None:
    if text is not None and len(text) > MAX_TEXT:
        raise MessageError(f"a text of more than {MAX_TEXT} characters in a description")
    return text


def encode_application(described: Described) -> bytes:
    """The application part, as a board sends it."""
    variables = {name: _TYPE_NUMBERS[kind] for name, kind in described.variables.items()}
    return msgjson.encode({"f": described.functions, "v": variables})


def encode_system(described: Described, platform_id: int) -> bytes:
    """The system part as JSON, from a board with Device OS up to 5.4."""
    return msgjson.encode(described.safe_mode_message(platform_id))


def encode_system_protobuf(described: Described) -> bytes:
    """The system part from a board with Device OS 5.5 or later.

    Raises:
        KeyError: a letter of a store or a function that Device OS has not.
    """
    out = [bytes_field(1, _encode_module(module)) for module in described.modules]
    for number, text in ((2, described.imei), (3, described.iccid), (4, described.cellfw)):
        if text is not None:
            out.append(bytes_field(number, text.encode()))
    out.append(varint_field(6, described.protected))
    return b"".join(out)


def _encode_module(module: Module) -> bytes:
    sha256 = module.get("u")
    return b"".join(
        (
            _encode_reference(module),
            varint_field(4, _STORE_NUMBERS[module["l"]]),
            varint_field(5, module["s"]),
            fixed32_field(6, module["vc"]),
            fixed32_field(7, module["vv"]),
            bytes_field(8, bytes.fromhex(sha256)) if sha256 else b"",
            *(bytes_field(9, _encode_reference(each)) for each in module["d"]),
        )
    )


def _encode_reference(module: Module) -> bytes:
    return (
        varint_field(1, _FUNCTION_NUMBERS[module["f"]])
        + varint_field(2, int(module["n"]))
        + varint_field(3, module["v"])
    )
