"""Commands between board and cloud on `c/up` and `c/dw` (arduino-device.md section 5).

A command is one CBOR tag around one array with the parameters in fixed order. There are no message ids and no
acknowledgements: who does not understand a command stays silent, and who hears nothing repeats.

Encoding always writes the tag in its four-byte form, which the board library compares. Decoding takes any encoding of
the tag and more elements than expected, because later libraries append. A tag that is not known becomes `Unknown`, so
that it can be logged; a known tag with missing or wrong parameters is a `CommandError`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from cbor2 import CBORSimpleValue, CBORTag, dumps, loads

from rookery.wire.cbor import NO_TAGS

MAX_COMMAND: Final = 65_536
"""Bytes. Boards send 256 at most; the largest command is the last values of a thing, which we send ourselves."""

MAX_PARAMETERS: Final = 64
"""Elements of the array: the longest known command has five."""

MAX_TEXT: Final = 255
"""Characters of a text parameter: the board library reserves this much for the longest of them, an address."""

MAX_DEPTH: Final = 3
"""A tag, its array, and one level for what later libraries may append."""


class CommandError(ValueError):
    """The bytes are not a command, or its parameters are not those of its tag. `str()` says what is wrong."""


class OtaBegin(NamedTuple):
    """Up: the sketch that runs, and that this board takes updates over the air."""

    sketch_sha256: bytes


class OtaUpdate(NamedTuple):
    """Down: fetch this sketch, if you still run the initial one."""

    ota_id: bytes
    url: str
    initial_sha256: bytes
    final_sha256: bytes


class OtaProgress(NamedTuple):
    """Up: how an update goes. `time` is microseconds; `data` is bytes so far, or the error when the state is 8."""

    ota_id: bytes
    state: int
    data: int
    time: int


class ThingBegin(NamedTuple):
    """Up: which thing am I? The id is empty in every board seen."""

    thing_id: str


class ThingUpdate(NamedTuple):
    """Down: this thing; the empty id means none."""

    thing_id: str


class ThingDetach(NamedTuple):
    """Down: not this thing any more."""

    thing_id: str


class LastValuesBegin(NamedTuple):
    """Up: what do you know of my thing?"""


class LastValuesUpdate(NamedTuple):
    """Down: a SenML pack with the last values."""

    pack: bytes


class DeviceBegin(NamedTuple):
    """Up: the library version. Python boards append `-async` or `-sync`."""

    version: str


class TimezoneUp(NamedTuple):
    """Up: defined, never sent by the library."""


class TimezoneDown(NamedTuple):
    """Down: offset in seconds, and the end of its interval in seconds since 1970. The zone records are what counts."""

    offset: int
    until: int


class NetConfig(NamedTuple):
    """Up: the network that the board uses. Which parameters follow is in `NET_PARAMETERS`; passwords are never sent."""

    type: int
    parameters: tuple[str | bytes, ...] = ()


class WifiFirmware(NamedTuple):
    """Up: the version of the radio module's firmware."""

    version: str


class Unknown(NamedTuple):
    """A tag that means nothing here."""

    tag: int
    parameters: tuple[Any, ...]


Command = (
    OtaBegin
    | OtaUpdate
    | OtaProgress
    | ThingBegin
    | ThingUpdate
    | ThingDetach
    | LastValuesBegin
    | LastValuesUpdate
    | DeviceBegin
    | TimezoneUp
    | TimezoneDown
    | NetConfig
    | WifiFirmware
)

NET_NONE: Final = 0
NET_WIFI: Final = 1
NET_LORA: Final = 2
NET_GSM: Final = 3
NET_NB: Final = 4
NET_CATM1: Final = 5
NET_ETHERNET: Final = 6
NET_CELLULAR: Final = 7

NET_PARAMETERS: Final[dict[int, tuple[type[str] | type[bytes], tuple[str, ...]]]] = {
    NET_NONE: (str, ()),
    NET_WIFI: (str, ("ssid",)),
    NET_LORA: (str, ("appeui",)),
    NET_GSM: (str, ("apn", "login")),
    NET_NB: (str, ("apn", "login")),
    NET_CATM1: (str, ("apn", "login")),
    NET_ETHERNET: (bytes, ("ip", "dns", "gateway", "netmask")),
    NET_CELLULAR: (str, ("apn", "login")),
}
"""Kind and names of the parameters by network type. Addresses are 4 or 16 bytes, none at all with DHCP."""

PROVISIONING_TAGS: Final[dict[int, str]] = {
    0x012000: "status",
    0x012001: "WiFi list",
    0x012002: "timestamp",
    0x012003: "command",
    0x012004: "WiFi configuration",
    0x012005: "LoRa configuration",
    0x012006: "GSM configuration",
    0x012007: "NB-IoT configuration",
    0x012008: "Cat-M1 configuration",
    0x012009: "Ethernet configuration",
    0x012010: "unique id",
    0x012011: "signature",
    0x012012: "cellular configuration",
    0x012013: "BLE address",
    0x012015: "provisioning sketch version",
    0x012016: "network configurator version",
    0x012017: "public key",
}
"""Tags that board and provisioning tool use over BLE or serial (section 5.1). They never travel over MQTT and decode to
`Unknown`; they are listed so that nobody uses their numbers again."""


def decode(payload: bytes) -> Command | Unknown:
    """The command in a message.

    Raises:
        CommandError: not a command, or not with the parameters of its tag. Nothing else is raised.
    """
    if len(payload) > MAX_COMMAND:
        raise CommandError(f"a command of {len(payload)} bytes is longer than {MAX_COMMAND}")
    try:
        item = loads(payload, max_depth=MAX_DEPTH, semantic_decoders=NO_TAGS)
    except Exception as error:
        raise CommandError(f"not CBOR that could be a command: {error}") from error
    if type(item) is not CBORTag:
        raise CommandError("no tag in front")
    array = item.value
    if type(array) is not tuple:  # cbor2 makes what stands behind a tag immutable.
        raise CommandError("no array behind the tag")
    if len(array) > MAX_PARAMETERS:
        raise CommandError(f"more than {MAX_PARAMETERS} parameters")
    codec = _BY_TAG.get(item.tag)
    if codec is None:
        return Unknown(item.tag, array)
    return codec.read(_Parameters(codec.name, array))


def encode(command: Command) -> bytes:
    """The message of a command."""
    codec = _BY_CLASS[type(command)]
    return b"\xda" + codec.tag.to_bytes(4, "big") + dumps(codec.write(command))


class _Parameters:
    """The array of a command, read with the types that are expected."""

    __slots__ = ("_array", "_name")

    def __init__(self, name: str, array: tuple[Any, ...]) -> None:
        self._name = name
        self._array = array

    def text(self, index: int, *, limit: int = MAX_TEXT) -> str:
        value: str = self._item(index, str)
        if len(value) > limit:
            raise CommandError(f"{self._name}: parameter {index} is longer than {limit} characters")
        return value

    def data(self, index: int, *lengths: int) -> bytes:
        value: bytes = self._item(index, bytes)
        if lengths and len(value) not in lengths:
            raise CommandError(f"{self._name}: parameter {index} has {len(value)} bytes")
        return value

    def integer(self, index: int, low: int, high: int) -> int:
        value: int = self._item(index, int)
        if not low <= value <= high:
            raise CommandError(f"{self._name}: parameter {index} is out of range")
        return value

    def simple(self, index: int) -> int:
        """A CBOR simple value, which is how the state of an update is sent; an integer is as clear."""
        if len(self._array) > index and type(self._array[index]) is CBORSimpleValue:
            return int(self._array[index].value)
        return self.integer(index, 0, 19)  # From 20 on, simple values are false, true, null and the like.

    def _item(self, index: int, expected: type) -> Any:
        if len(self._array) <= index:
            raise CommandError(f"{self._name}: parameter {index} is missing")
        value = self._array[index]
        if type(value) is not expected:
            raise CommandError(f"{self._name}: parameter {index} is of type {type(value).__name__}")
        return value


class _Codec(NamedTuple):
    tag: int
    name: str
    read: Callable[[_Parameters], Command]
    write: Callable[[Any], list[Any]]


_INT32: Final = (-(2**31), 2**31 - 1)
_UINT32: Final = (0, 2**32 - 1)
_UINT64: Final = (0, 2**64 - 1)
_ID_LENGTH: Final = 16
_SHA_LENGTH: Final = 32
_THING_ID_LENGTH: Final = 36


def _read_ota_update(given: _Parameters) -> OtaUpdate:
    return OtaUpdate(given.data(0, _ID_LENGTH), given.text(1), given.data(2, _SHA_LENGTH), given.data(3, _SHA_LENGTH))


def _read_ota_progress(given: _Parameters) -> OtaProgress:
    return OtaProgress(
        given.data(0, _ID_LENGTH), given.simple(1), given.integer(2, *_INT32), given.integer(3, *_UINT64)
    )


def _read_net_config(given: _Parameters) -> NetConfig:
    """A type of later libraries is kept without its parameters: what they mean is not known."""
    type = given.integer(0, 0, 255)
    kind, names = NET_PARAMETERS.get(type, (str, ()))
    if kind is bytes:
        return NetConfig(type, tuple(given.data(index, 0, 4, 16) for index in range(1, len(names) + 1)))
    return NetConfig(type, tuple(given.text(index) for index in range(1, len(names) + 1)))


def _plain(command: tuple[Any, ...]) -> list[Any]:
    return list(command)


_BY_CLASS: Final[dict[type, _Codec]] = {
    OtaBegin: _Codec(0x010000, "OtaBegin", lambda given: OtaBegin(given.data(0, _SHA_LENGTH)), _plain),
    OtaUpdate: _Codec(0x010100, "OtaUpdate", _read_ota_update, _plain),
    OtaProgress: _Codec(
        0x010200,
        "OtaProgress",
        _read_ota_progress,
        lambda command: [command.ota_id, CBORSimpleValue(command.state), command.data, command.time],
    ),
    ThingBegin: _Codec(0x010300, "ThingBegin", lambda given: ThingBegin(given.text(0, limit=_THING_ID_LENGTH)), _plain),
    ThingUpdate: _Codec(
        0x010400, "ThingUpdate", lambda given: ThingUpdate(given.text(0, limit=_THING_ID_LENGTH)), _plain
    ),
    LastValuesBegin: _Codec(0x010500, "LastValuesBegin", lambda given: LastValuesBegin(), _plain),
    LastValuesUpdate: _Codec(0x010600, "LastValuesUpdate", lambda given: LastValuesUpdate(given.data(0)), _plain),
    DeviceBegin: _Codec(0x010700, "DeviceBegin", lambda given: DeviceBegin(given.text(0)), _plain),
    TimezoneUp: _Codec(0x010800, "TimezoneUp", lambda given: TimezoneUp(), _plain),
    TimezoneDown: _Codec(
        0x010900,
        "TimezoneDown",
        lambda given: TimezoneDown(given.integer(0, *_INT32), given.integer(1, *_UINT32)),
        _plain,
    ),
    ThingDetach: _Codec(
        0x011000, "ThingDetach", lambda given: ThingDetach(given.text(0, limit=_THING_ID_LENGTH)), _plain
    ),
    NetConfig: _Codec(
        0x011100, "DeviceNetConfig", _read_net_config, lambda command: [command.type, *command.parameters]
    ),
    WifiFirmware: _Codec(0x012014, "WiFiFWVersion", lambda given: WifiFirmware(given.text(0)), _plain),
}
_BY_TAG: Final = {codec.tag: codec for codec in _BY_CLASS.values()}
