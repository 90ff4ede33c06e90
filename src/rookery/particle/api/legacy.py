"""What programs ask that this server has nothing of, in words that they can show: mesh networks, which are gone, the
bill, which there is none of (reference 3.30), and a compiler (3.15)."""

from __future__ import annotations

from typing import Any

from rookery.core.access import check_owner
from rookery.particle.api import permissions as p
from rookery.particle.api.answers import NO_CONTENT, Answer
from rookery.particle.api.errors import no_compiler, refused
from rookery.particle.api.operations import Call, operation
from rookery.particle.api.resolve import product_of


@operation("GET", "/v1/networks", "/v1/products/{product}/networks")
async def networks(call: Call) -> list[Any]:
    """There are none."""
    await _allowed(call)
    return []


@operation("GET PUT DELETE", "/v1/networks/{network}", "/v1/products/{product}/networks/{network}")
async def network(call: Call) -> Answer:
    """So this is none of them."""
    await _allowed(call)
    raise refused(404, "Network not found")


@operation("GET", "/v1/card")
async def card(call: Call) -> Answer:
    """Nobody pays here."""
    check_owner(call.who)
    raise refused(404, "No card on file")


@operation("GET", "/v1/pricing-impact")
async def pricing_impact(call: Call) -> dict[str, Any]:
    """Whatever it is, it costs nothing. Mobile set-up does not go on without this."""
    check_owner(call.who)
    return {
        "allowed": True,
        "chargeable": False,
        "cc_on_file": False,
        "plan_slug": "free",
        "plan_upgrade_needed": False,
        "plan": {},
    }


@operation("GET", "/v1/system_firmware/upgrade")
async def system_firmware(call: Call) -> Answer:
    """Nothing to do before set-up."""
    check_owner(call.who)
    return NO_CONTENT


@operation("POST", "/v1/binaries", max_body=None)
async def compile_sources(call: Call) -> Answer:
    """Sources are compiled on the machine where they are."""
    check_owner(call.who)
    raise no_compiler()


async def _allowed(call: Call) -> None:
    if "product" in call.path:
        await product_of(call, p.PRODUCTS_GET)
    else:
        check_owner(call.who)


ROUTES = (networks, network, card, pricing_impact, system_firmware, compile_sources)
