"""Vitals of devices: the last, a stretch of time as JSON or CSV, and asking for new ones (reference 3.7)."""

from __future__ import annotations

from typing import Any

import msgspec

from rookery.core.clock import DAY
from rookery.core.errors import BoardAway, BoardCannot
from rookery.core.points import Point
from rookery.core.records import Device
from rookery.particle.api import permissions as p
from rookery.particle.api.answers import CSV, OK, Answer
from rookery.particle.api.errors import no_diagnostics, vitals_dates_malformed, vitals_too_old
from rookery.particle.api.operations import Call, operation
from rookery.particle.api.resolve import device_of
from rookery.particle.api.times import iso_time, parse_iso
from rookery.particle.device.vitals import vitals_csv, vitals_metadata

KEPT = 30 * DAY
"""How far back one may ask, as documented. What lies further back is kept, and left out here."""
REFRESH_SECONDS = 5.0
"""How long the answer waits for the board to take the question. What it says later is published all the same."""
RECORDS_LIMIT = 50_000
"""Records of one answer: a month at one a minute."""
END_OF_TIME = 1 << 62
CSV_TYPES = ("text/csv", "application/csv")


@operation("GET", "/v1/diagnostics/{device}/last", "/v1/products/{product}/diagnostics/{device}/last")
async def last(call: Call) -> dict[str, Any]:
    """The newest record."""
    device = await device_of(call, p.DIAGNOSTICS_GET)
    points = await _read(call, device, 0, END_OF_TIME, 1)
    if not points:
        raise no_diagnostics()
    return {"diagnostics": _record(device, points[0])}


@operation("GET", "/v1/diagnostics/{device}", "/v1/products/{product}/diagnostics/{device}")
async def history(call: Call) -> Any:
    """The records of a stretch of time, oldest first; by default of the whole month."""
    device = await device_of(call, p.DIAGNOSTICS_GET)
    now = call.services.clock.now()
    # A client that asks for exactly a month is a moment late when its request arrives.
    earliest = now - KEPT - DAY // 24
    start, end = _time(call.query.get("start_date"), now - KEPT), _time(call.query.get("end_date"), END_OF_TIME)
    if start < earliest:
        raise vitals_too_old()
    points = list(reversed(await _read(call, device, start, end, RECORDS_LIMIT)))
    accepted = (call.header("accept") or "").lower()
    if any(kind in accepted for kind in CSV_TYPES):
        rows = [(iso_time(point.time), device.hex_id, _payload(point)) for point in points]
        return Answer(vitals_csv(rows).encode(), media_type=CSV)
    return {"diagnostics": [_record(device, point) for point in points]}


@operation("GET", "/v1/diagnostics/{device}/metadata", "/v1/products/{product}/diagnostics/{device}/metadata")
async def metadata(call: Call) -> dict[str, Any]:
    """What the leaves of a record are. Documented no more; older clients still ask."""
    await device_of(call, p.DIAGNOSTICS_METADATA)
    return {"diagnostics_metadata": vitals_metadata()}


@operation("POST", "/v1/diagnostics/{device}/update", "/v1/products/{product}/diagnostics/{device}/update", status=202)
async def refresh(call: Call) -> dict[str, bool]:
    """Ask the board for new vitals. They are published when they come; a board that is away publishes some when it is
    back."""
    device = await device_of(call, p.DIAGNOSTICS_UPDATE)
    session = await call.services.boards.reach(device)
    if session is not None:
        try:
            await session.report(REFRESH_SECONDS)
        except (BoardAway, BoardCannot):
            # The answer is the same for a board that is away and for one that has none: it was asked.
            pass
    return OK


def _time(text: str | None, default: int) -> int:
    if not text:
        return default
    try:
        return parse_iso(text)
    except ValueError:
        raise vitals_dates_malformed() from None


async def _read(call: Call, device: Device, start: int, end: int, limit: int) -> list[Point]:
    if not device.vitals:
        return []
    return await call.services.telemetry.read(device.vitals, start, end, limit, descending=True)


def _payload(point: Point) -> dict[str, Any]:
    payload = msgspec.json.decode(point.value) if isinstance(point.value, str) else {}
    return payload if isinstance(payload, dict) else {}


def _record(device: Device, point: Point) -> dict[str, Any]:
    return {"updated_at": iso_time(point.time), "deviceID": device.hex_id, "payload": _payload(point)}


ROUTES = (last, history, metadata, refresh)
"""`/last`, `/metadata` and `/update` are literals behind a parameter and need no order."""
