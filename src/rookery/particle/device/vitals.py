"""The vitals of a board: a list of numbered measurements (particle-device.md §4.16) as the tree that the API shows
(particle-rest.md §3.7).

The list is little-endian: 0, its type, how many bytes ids and values have, then pairs of them. The id with its highest
bit set says that the board could not read the value and why; in the tree such a leaf is `{"err": code}`. Measurements
that the API has no place for are left out of the tree.

Percentages are unsigned fixed-point numbers with eight bits behind the point, strengths and qualities in decibels
signed ones with sixteen (Device OS, `system_network_diagnostics.cpp`, `system_power.cpp`). A mobile network code of two
digits is negative there, because 01 and 001 are different networks.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from struct import Struct, error
from typing import Any, Final, NamedTuple

from rookery.particle.device.errors import MessageError
from rookery.particle.device.goodbye import CLOUD_REASONS, NETWORK_REASONS

Tree = dict[str, Any]

MAX_RECORDS: Final = 512
"""Fifty are defined. More do not fit into a message anyway."""
HEADER: Final = bytes.fromhex("00040002000400")
_RECORD: Final = Struct("<HI")
_ERROR: Final = 0x8000

NETWORK_STATUS: Final = {
    0: "turned_off",
    1: "turning_on",
    2: "disconnected",
    3: "connecting",
    4: "connected",
    5: "disconnecting",
    7: "turning_off",
}
CLOUD_STATUS: Final = {0: "disconnected", 1: "connecting", 2: "connected", 3: "disconnecting"}
BATTERY_STATE: Final = {
    0: "unknown",
    1: "not_charging",
    2: "charging",
    3: "charged",
    4: "discharging",
    5: "fault",
    6: "disconnected",
}
POWER_SOURCE: Final = {0: "unknown", 1: "VIN", 2: "USB host", 3: "USB adapter", 4: "USB otg", 5: "battery"}


class Technology(NamedTuple):
    """A way to be on the air: its generation, empty where it is not cellular, and what its strength and quality are."""

    name: str
    generation: str
    strength: str
    quality: str


TECHNOLOGIES: Final = {
    0: Technology("none", "", "", ""),
    1: Technology("Wi-Fi", "", "RSSI", "SNR"),
    2: Technology("GSM", "2G", "RXLEV", "RXQUAL"),
    3: Technology("EDGE", "2G", "RXLEV", "RXQUAL"),
    4: Technology("UMTS", "3G", "RSCP", "ECN0"),
    5: Technology("CDMA", "3G", "RSSI", "ECN0"),
    6: Technology("LTE", "LTE", "RSRP", "RSRQ"),
    7: Technology("IEEE802154", "", "RSSI", "SNR"),
    8: Technology("LTE Cat-M1", "LTE", "RSRP", "RSRQ"),
    9: Technology("LTE Cat-NB1", "LTE", "RSRP", "RSRQ"),
}
_TECHNOLOGY_NAMES: Final = {number: technology.name for number, technology in TECHNOLOGIES.items()}


class Metric(NamedTuple):
    """One measurement: its id, its path below `device`, and how its 32 bits are read and written."""

    id: int
    path: str
    read: Callable[[int], Any]
    write: Callable[[Any], int]
    type: str = "number"
    """Of the leaf, in the API's words."""
    unit: str = ""


def _signed(raw: int) -> int:
    return raw - (1 << 32) if raw >> 31 else raw


def _bits(value: int) -> int:
    return int(value) & 0xFFFFFFFF


def _count(metric: int, path: str, unit: str = "") -> Metric:
    return Metric(metric, path, int, _bits, unit=unit)


def _code(metric: int, path: str) -> Metric:
    return Metric(metric, path, _signed, _bits)


def _percent(metric: int, path: str) -> Metric:
    return Metric(metric, path, lambda raw: raw / 256, lambda value: _bits(round(value * 256)), unit="%")


def _decibel(metric: int, path: str, unit: str) -> Metric:
    return Metric(
        metric, path, lambda raw: _signed(raw) / 65_536, lambda value: _bits(round(value * 65_536)), unit=unit
    )


def _word(metric: int, path: str, words: Mapping[int, str]) -> Metric:
    """A number that has no word yet stays a number."""
    numbers = {word: number for number, word in words.items()}
    return Metric(
        metric, path, lambda raw: words.get(raw, raw), lambda value: _bits(numbers.get(value, value)), "string"
    )


def _read_network_code(raw: int) -> str:
    code = _signed(raw)
    return f"{-code:02d}" if code < 0 else f"{code:03d}"


def _write_network_code(text: str) -> int:
    return _bits(-int(text) if len(text) == 2 else int(text))


_CELL: Final = "network.cellular.cell_global_identity"
METRICS: Final = (
    _percent(3, "power.battery.charge"),
    _count(6, "system.uptime", "s"),
    _word(7, "power.battery.state", BATTERY_STATE),
    _word(8, "network.connection.status", NETWORK_STATUS),
    _code(9, "network.connection.error"),
    _word(10, "cloud.connection.status", CLOUD_STATUS),
    _count(12, "network.connection.disconnects"),
    _code(13, "cloud.connection.error"),
    _count(14, "cloud.connection.disconnects"),
    _count(20, "cloud.publish.rate_limited"),
    _count(21, "cloud.coap.retransmit"),
    _count(22, "cloud.coap.unack"),
    _count(23, "cloud.coap.transmit"),
    _word(24, "power.source", POWER_SOURCE),
    _count(25, "system.memory.total", "B"),
    _count(26, "system.memory.used", "B"),
    _count(27, "network.connection.attempts"),
    _word(28, "network.connection.disconnect_reason", NETWORK_REASONS),
    _count(29, "cloud.connection.attempts"),
    _word(30, "cloud.connection.disconnect_reason", CLOUD_REASONS),
    _count(31, "cloud.coap.round_trip", "ms"),
    _percent(33, "network.signal.strength"),
    _percent(34, "network.signal.quality"),
    _decibel(35, "network.signal.qualityv", "dB"),
    _word(36, "network.signal.at", _TECHNOLOGY_NAMES),
    _decibel(37, "network.signal.strengthv", "dBm"),
    _count(40, f"{_CELL}.mobile_country_code"),
    Metric(41, f"{_CELL}.mobile_network_code", _read_network_code, _write_network_code, "string"),
    _count(42, f"{_CELL}.location_area_code"),
    _count(43, f"{_CELL}.cell_id"),
)
_BY_ID: Final = {metric.id: metric for metric in METRICS}


def records(payload: bytes) -> list[tuple[int, int, bool]]:
    """(id, 32 bits, whether they are an error) of each measurement.

    Raises:
        MessageError: another header, or a list that is cut off or too long.
    """
    if payload[: len(HEADER)] != HEADER:
        raise MessageError("vitals with another header")
    body = payload[len(HEADER) :]
    if len(body) % _RECORD.size or len(body) > MAX_RECORDS * _RECORD.size:
        raise MessageError(f"vitals of {len(body)} bytes")
    return [(number & ~_ERROR, raw, bool(number & _ERROR)) for number, raw in _RECORD.iter_unpack(body)]


def decode_vitals(payload: bytes) -> Tree:
    """`{"device": …}`: the tree with units, of what the board said.

    Raises:
        MessageError: as `records`.
    """
    device: Tree = {}
    for number, raw, failed in records(payload):
        metric = _BY_ID.get(number)
        if metric is not None:
            _put(device, metric.path, {"err": _signed(raw)} if failed else metric.read(raw))
    _explain(device)
    return {"device": device}


def with_service(
    vitals: Tree, *, session_seconds: int, events: int, round_trip_ms: int | None = None, status: str = "ok"
) -> Tree:
    """The same with what the cloud knows: age of the session, events that came in it, the last round trip."""
    service: Tree = {
        "device": {"status": status},
        "cloud": {"uptime": session_seconds, "publish": {"sent": events}},
    }
    if round_trip_ms is not None:
        service["coap"] = {"round_trip": round_trip_ms}
    return {**vitals, "service": service}


def vitals_metadata() -> Tree:
    """`{"device": …, "service": …}`: what each leaf of such a tree is, its `type` and, where it has one, its unit."""
    device: Tree = {}
    for metric in METRICS:
        _put(device, metric.path, _leaf(metric.type, metric.unit))
    service = {
        "device": {"status": _leaf("string")},
        "cloud": {"uptime": _leaf("number", "s"), "publish": {"sent": _leaf("number")}},
        "coap": {"round_trip": _leaf("number", "ms")},
    }
    return {"device": device, "service": service}


def _leaf(type: str, unit: str = "") -> Tree:
    return {"type": type, "units": {"title": unit}} if unit else {"type": type}


def encode_vitals(vitals: Tree) -> bytes:
    """The list that a board with this tree sends. Leaves that are no measurements, like units, are left out.

    Raises:
        ValueError: a leaf that its measurement cannot be.
    """
    out = [HEADER]
    found = dict(_leaves(vitals.get("device", {})))
    try:
        for metric in METRICS:
            if metric.path in found:
                out.append(_RECORD.pack(metric.id, metric.write(found[metric.path])))
            elif f"{metric.path}.err" in found:
                out.append(_RECORD.pack(metric.id | _ERROR, _bits(found[f"{metric.path}.err"])))
    except (error, TypeError, ValueError, OverflowError) as fault:
        raise ValueError("a leaf that its measurement cannot be") from fault
    return b"".join(out)


def vitals_csv(rows: Iterable[tuple[str, str, Tree]]) -> str:
    """(time, device id, payload) of each record as CSV: a column for each leaf that any of them has, by name."""
    lines = [(at, device_id, dict(_leaves(payload))) for at, device_id, payload in rows]
    columns = sorted({path for _, _, leaves in lines for path in leaves})
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("updated_at", "deviceID", *columns))
    writer.writerows(
        (at, device_id, *(leaves.get(column, "") for column in columns)) for at, device_id, leaves in lines
    )
    return out.getvalue()


def _put(tree: Tree, path: str, value: Any) -> None:
    *branches, leaf = path.split(".")
    for branch in branches:
        tree = tree.setdefault(branch, {})
    tree[leaf] = value


def _leaves(tree: Tree, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _explain(device: Tree) -> None:
    """Units, and what depends on the access technology."""
    signal = device.get("network", {}).get("signal")
    if signal is None:
        return
    at = signal.get("at")
    technology = next((each for each in TECHNOLOGIES.values() if each.name == at), TECHNOLOGIES[0])
    units = (("strength", "%", ""), ("quality", "%", ""), ("strengthv", "dBm", technology.strength))
    for name, unit, kind in (*units, ("qualityv", "dB", technology.quality)):
        if isinstance(signal.get(name), float):
            signal[f"{name}_units"] = unit
            if kind:
                signal[f"{name}_type"] = kind
    if technology.generation:
        _put(device, "network.cellular.radio_access_technology", technology.generation)
