"""What calls other people's servers: the way out, the deliveries of each dialect, and who asks for them.

A part of the composition root, in a file of its own. The modules of the dialects are loaded when the server starts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog

from rookery.core.deliveries import Deliveries, DeliveryRules
from rookery.core.services import Services
from rookery.gateways.outbound import Outbound
from rookery.settings import Settings

if TYPE_CHECKING:
    from rookery.arduino.webhooks import ThingWebhooks
    from rookery.particle.integrations import Integrations

log = structlog.get_logger("rookery.server")


class Webhooks:
    """The webhooks of both dialects. Retries follow the clock of the services, which tests may turn."""

    def __init__(self, services: Services, settings: Settings) -> None:
        self._services = services
        self._disable_after = settings.webhook_failures
        self.outbound = Outbound(settings.webhook_networks)
        self.deliveries: dict[str, Deliveries] = {}
        """By dialect."""
        self.things: ThingWebhooks | None = None
        self.integrations: Integrations | None = None

    async def open(self) -> None:
        """Read who wants what, and listen."""
        from rookery.arduino.webhooks import ThingWebhooks, rules
        from rookery.particle.integrations import Integrations

        clock = self._services.clock
        self.deliveries = {
            "arduino": Deliveries(self.outbound, clock, rules(self._disable_after)),
            "particle": Deliveries(self.outbound, clock, DeliveryRules(disable_after=self._disable_after)),
        }
        self.things = ThingWebhooks(self._services, self.deliveries["arduino"])
        self.integrations = Integrations(self._services, self.deliveries["particle"])
        await self.things.start()
        await self.integrations.start()

    async def close(self) -> None:
        """Stop in the opposite order; requests that are under way are broken off."""
        closing: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        if self.integrations is not None:
            closing.append(("integrations", self.integrations.close))
        if self.things is not None:
            closing.append(("webhooks of things", self.things.close))
        closing += [(f"deliveries of {dialect}", each.close) for dialect, each in self.deliveries.items()]
        closing.append(("way out", self.outbound.close))
        for name, close in closing:
            try:
                await close()
            except Exception:
                log.exception("server.close_failed", part=name)
