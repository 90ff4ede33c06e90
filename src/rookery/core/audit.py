"""What was done, by whom, to what, with which result: one line for every request that changes something, at every door.

Lines are JSON text in a series of the space that was acted in, or in the server's own for what concerns no space. They
hold what a door knows of a request by its route, never a body and never a part of a path that is a secret; values,
events and calls are no acts. A failure that is repeated (a script with a wrong id) is written as `core.pace` allows;
what has succeeded is always written.
"""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

import msgspec
import structlog

from rookery.core.access import Principal
from rookery.core.catalog import Catalog
from rookery.core.clock import Clock, Timer
from rookery.core.errors import CoreError
from rookery.core.events import SpaceSeries
from rookery.core.pace import Pace
from rookery.core.points import AUDIT_SERIES, StoreRefused, Telemetry
from rookery.core.products import Products
from rookery.core.records import Bearer, Customer, Product, Space

log = structlog.get_logger("rookery.audit")

QUIET_SECONDS: Final = 0.1
"""How long lines wait for company: finding their spaces takes a look or two into the catalog."""
WAITING: Final = 10_000
"""Lines that wait, some 500 bytes each."""
TEXT_LIMIT: Final = 200
"""Characters of a target: names in paths may be long."""
FAILED: Final = 400
"""Status from which on an act has failed."""


class Act(NamedTuple):
    """One line. `time` is UTC microseconds."""

    time: int
    door: str
    """Where it was asked for: a word of the door's own."""
    method: str
    route: str
    """As the door writes it, with names for the parts that vary."""
    status: int
    person_id: str = ""
    """Of the person or customer; empty for others, see `bearer`."""
    client_id: str = ""
    """The API key, OAuth client or console by which it was asked for."""
    bearer: str = ""
    """What asked, when it was no person: `customer`, `product`, `program`; or its id after a colon."""
    target: str = ""
    """The parts of the path that vary, and the name of what was made."""
    address: str = ""
    left: int = 0
    """Failures of the same kind before this one that were left out."""


class _Kept(msgspec.Struct, omit_defaults=True, frozen=True):
    """A line as it lies in the store."""

    d: str
    m: str
    r: str
    s: int
    p: str = ""
    k: str = ""
    b: str = ""
    t: str = ""
    a: str = ""
    n: int = 0


class Place(NamedTuple):
    """Where something was done. A product or organisation in the path goes before the space of who asks."""

    space_id: str = ""
    """Empty for the server itself."""
    product: str = ""
    """Number, slug or id, as in the path."""
    organisation: str = ""
    """Slug or id, as in the path."""


_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(_Kept).decode


class Audit:
    """Writes and reads the lines of all spaces."""

    def __init__(self, catalog: Catalog, telemetry: Telemetry, products: Products, clock: Clock) -> None:
        self._catalog = catalog
        self._telemetry = telemetry
        self._products = products
        self._clock = clock
        self._series = SpaceSeries(catalog, "audit")
        self._pace = Pace()
        self._waiting: list[tuple[Act, Place]] = []
        self._timer: Timer | None = None
        self._task: asyncio.Task[None] | None = None
        self.lost = 0
        """Lines for which there was no room, or that could not be stored."""

    def note(
        self,
        who: Principal | None,
        door: str,
        method: str,
        route: str,
        status: int,
        *,
        target: str = "",
        address: str = "",
        place: Place | None = None,
    ) -> None:
        """Something was done, or not: `status` is that of HTTP. Without `place` it was done in the space of `who`, and
        without both to the server. Failures of nobody are not written: they would be anybody's to make."""
        if status >= FAILED and who is None:
            return
        left = 0
        if status >= FAILED and who is not None:
            paced = self._pace.take(f"{who.person_id or who.space_id} {who.client_id} {method} {route}", self._now())
            if paced is None:
                return
            left = paced
        if len(self._waiting) >= WAITING:
            self.lost += 1
            return
        bearer = "" if who is None or who.bearer is Bearer.PERSON else f"{who.bearer}:{who.space_id}"
        act = Act(
            self._clock.now(),
            door,
            method,
            route,
            status,
            who.person_id if who is not None else "",
            (who.client_id or "") if who is not None else "",
            bearer,
            target[:TEXT_LIMIT],
            address,
            left,
        )
        if place is None:
            place = Place(who.space_id if who is not None else "")
        self._waiting.append((act, place))
        if self._timer is None and (self._task is None or self._task.done()):
            self._timer = self._clock.call_later(QUIET_SECONDS, self._start)

    async def of(self, space_id: str | None, before: int, limit: int) -> list[Act]:
        """The lines of a space, or of the server (None), before a time, newest first: whatever was noted before this
        was asked is among them."""
        await self._settled()
        series = AUDIT_SERIES
        if space_id is not None:
            space = await self._catalog.get(Space, space_id)
            series = space.audit if space is not None else 0
        if not series:
            return []
        points = await self._telemetry.read(series, 0, before, limit, descending=True)
        return [_unpack(str(point.value), point.time) for point in points]

    async def close(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is not None:
            await asyncio.wait([self._task])
        await self._write()

    async def _settled(self) -> None:
        """Wait until what was noted is stored."""
        if self._timer is not None:
            self._timer.cancel()
            self._start()
        if self._task is not None:
            await asyncio.wait([self._task])

    def _now(self) -> float:
        return self._clock.monotonic()

    def _start(self) -> None:
        self._timer = None
        self._task = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            rows: list[tuple[int, int, str]] = []
            for act, place in waiting:
                try:
                    series = await self._place(place)
                except CoreError as error:
                    self.lost += 1
                    log.warning("audit.lost", reason=str(error))
                    continue
                except Exception:
                    self.lost += 1
                    log.exception("audit.failed")
                    continue
                kept = _Kept(
                    act.door,
                    act.method,
                    act.route,
                    act.status,
                    act.person_id,
                    act.client_id,
                    act.bearer,
                    act.target,
                    act.address,
                    act.left,
                )
                rows.append((series, act.time, _encode(kept).decode()))
            try:
                await self._telemetry.write(rows)
            except StoreRefused as error:
                self.lost += len(rows)
                log.warning("audit.lost", reason=str(error), lines=len(rows))

    async def _place(self, place: Place) -> int:
        """The series of a place. What is gone, or never was, is the server's."""
        if place.product:
            product = await self._products.get(place.product)
            if product is not None:
                return await self._series.of(product.space_id) or AUDIT_SERIES
        if place.organisation:
            found = await self._catalog.find(Space, slug=place.organisation.lower())
            return await self._series.of(found.id if found is not None else place.organisation) or AUDIT_SERIES
        if not place.space_id:
            return AUDIT_SERIES
        series = await self._series.of(place.space_id)
        if not series:
            # Of customers and products, who act in no space of their own.
            customer = await self._catalog.get(Customer, place.space_id)
            id = customer.product_id if customer is not None else place.space_id
            record = await self._catalog.get(Product, id)
            series = await self._series.of(record.space_id) if record is not None else 0
        return series or AUDIT_SERIES


def _unpack(value: str, time: int) -> Act:
    kept = _decode(value)
    return Act(time, kept.d, kept.m, kept.r, kept.s, kept.p, kept.k, kept.b, kept.t, kept.a, kept.n)
