"""What every route of this API works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rookery.core.clock import Clock
from rookery.core.services import Services
from rookery.particle.api.body import MAX_BODY, MAX_UPLOAD
from rookery.particle.api.rate import RateLimits, RateOptions
from rookery.particle.api.streams import Streams
from rookery.particle.integrations import Integrations


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """What an operator may choose."""

    base_url: str = "http://localhost:8080"
    """How clients reach this server; shown in hints."""
    max_body: int = MAX_BODY
    """Bytes of a request body that is not multipart."""
    max_upload: int = MAX_UPLOAD
    """Bytes of a multipart body."""
    bridge: bool = True
    """Whether boards of the other dialect are shown here too."""
    signup: bool = False
    """Whether strangers may make themselves an account. Whoever reaches this server could, so the operator decides."""
    public_clients: Mapping[str, str] = field(default_factory=dict)
    """Further clients that everybody may know, id to secret: apps for Android have their own built in."""
    any_public_client: bool = False
    """Whether any client id that is its own secret is such a client."""
    rates: RateOptions = field(default_factory=RateOptions)


@dataclass(frozen=True, slots=True)
class Api:
    """Services and options, shared by all routes."""

    services: Services
    options: ApiOptions = field(default_factory=ApiOptions)
    clock: Clock | None = None
    """Real time for what concerns connections, where the services have a clock that is turned by hand."""
    integrations: Integrations | None = None
    """None: a server without them."""
    rate: RateLimits = field(init=False)
    streams: Streams = field(init=False)

    def __post_init__(self) -> None:
        clock = self.clock or self.services.clock
        object.__setattr__(self, "rate", RateLimits(clock, self.options.rates))
        object.__setattr__(self, "streams", Streams(self.services, clock))
