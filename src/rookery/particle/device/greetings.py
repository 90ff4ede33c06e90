"""Who a board is: its Hello and the key that it has proven, against what is registered (particle-device.md §0, §4.1).

An id is not a secret and proves nothing. What counts is the key: the first one that was registered or, where the
operator trusts first contacts, the first one that was proven. It is kept only now, because before its Hello could be
read nobody knew whether the board has the private half: the padding of the claim over TCP passes by chance one time in
256 with any key.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from rookery.core.bus import announce_device
from rookery.core.catalog import Update, changed
from rookery.core.errors import Conflict
from rookery.core.live import LiveThing
from rookery.core.products import FIRST_NUMBER
from rookery.core.records import Device
from rookery.gateways.coap_contract import Connection
from rookery.particle import platforms
from rookery.particle.device.hello import Hello
from rookery.particle.device.shared import Shared

DIALECT = "particle"
IMPORTED_SINCE = 4_000
"""Device OS from which on a board has to be imported into its product; older ones wait in quarantine
(particle-rest.md §3.10)."""


MOST_UNCLAIMED = 10_000
"""Boards of nobody that are let in unasked. A shelf has dozens; whoever comes with ever new ids and keys fills the
catalog with some 2 kB each, and must find an end."""


class Stranger(Exception):
    """This one does not come in. `str()` is for the log."""


class Welcome(NamedTuple):
    """A board that may come in, with what its session needs."""

    device: Device
    thing: LiveThing | None
    attachments: int
    """`Boards.attachments` before the thing was looked for."""


async def greet(shared: Shared, connection: Connection, hello: Hello) -> Welcome:
    """Find out whose session this is, and bring its record up to date.

    Raises:
        Stranger: it must not come in.
    """
    hex_id = connection.name.hex() or hello.device_id
    if not hex_id or (hello.device_id and hello.device_id != hex_id):
        raise Stranger("its Hello names another board, or none")
    device = await _known(shared, connection, hello, hex_id)
    with shared.watch(device) as watch:
        await _learn(shared, device, connection, hello)
        welcome = await gather(shared, watch.device)
    if welcome.device.deleted_at is not None or welcome.device.public_key != connection.public_key:
        raise Stranger("its record was changed meanwhile")
    return welcome


async def gather(shared: Shared, device: Device) -> Welcome:
    """What else the session of this board needs."""
    services = shared.services
    thing: LiveThing | None = None
    seen = -1
    with shared.watch(device) as watch:
        await shared.hold_product(device.product_id)
        while seen != services.boards.attachments:
            seen = services.boards.attachments
            if shared.bridge and watch.device.space_id:
                record = await services.devices.thing_of(device)
                thing = await services.live.get(record.id) if record is not None else None
    return Welcome(shared.notebook.ahead(watch.device), thing, seen)


async def _known(shared: Shared, connection: Connection, hello: Hello, hex_id: str) -> Device:
    """The record of this board, with the key that was proven."""
    services, key = shared.services, connection.public_key
    if key is None:
        raise Stranger("it has proven no key")
    while True:
        device = await services.enrolment.get(hex_id)
        if device is None:
            if shared.trust != "first":
                raise Stranger("nobody has registered it")
            if await services.catalog.count(Device, space_id="", deleted_at=None) >= MOST_UNCLAIMED:
                raise Stranger("there are too many boards that nobody has claimed: claim them, or delete some")
            platform = platforms.platform(hello.platform_id)
            device = await services.enrolment.enrol(
                hex_id, DIALECT, platform.name, platform=hello.platform_id, public_key=key
            )
            shared.counters.enrolled += 1
        if device.dialect != DIALECT:
            raise Stranger("the id belongs to a board of another kind")
        if device.public_key == key:
            return device
        if device.public_key is not None:
            shared.counters.key_mismatches += 1
            raise Stranger("it has proven another key than the one that is registered")
        if shared.trust != "first":
            raise Stranger("no key is registered for it")
        after = changed(device, services.clock.now(), public_key=key)
        try:
            await services.catalog.apply(Update(after))
        except Conflict:
            # Changed in the same moment: perhaps another one has brought its key first.
            continue
        announce_device(services.bus, after)
        return after


async def _learn(shared: Shared, device: Device, connection: Connection, hello: Hello) -> None:
    """Keep what this Hello says. It is written with the rest that the board says; only what decides about ownership is
    written at once."""
    said = {
        "flags": hello.flags,
        "system_version": hello.system_version,
        "firmware_product": hello.product_id,
        "firmware_version": hello.product_version,
        "max_message": hello.max_message or None,
    }
    # Older firmware says these two by events.
    if hello.max_binary:
        said["max_binary"] = hello.max_binary
    if hello.ota_chunk:
        said["chunk"] = hello.ota_chunk
    fields: dict[str, Any] = {
        "platform": hello.platform_id,
        "type": platforms.platform(hello.platform_id).name,
        "last_session_at": shared.services.clock.now(),
        "last_address": connection.peer.address or device.last_address,
    }
    joined = await _product(shared, device, hello)
    if joined:
        await shared.services.enrolment.keep(device.id, **joined)
    shared.notebook.note(device.id, described=said, **fields)


async def _product(shared: Shared, device: Device, hello: Hello) -> dict[str, Any]:
    """Whether the firmware brings the board into a product (particle-rest.md §3.10)."""
    number = hello.product_id
    if device.product_id is not None or number is None or number < FIRST_NUMBER:
        return {}
    product = await shared.services.products.get(str(number))
    if product is None:
        return {}
    if product.settings.get("quarantine", True) is False:
        return {"product_id": product.id, "quarantined": False}
    return {"product_id": product.id, "quarantined": True} if hello.version < IMPORTED_SINCE else {}
