"""The composition root: builds every part, starts the parts in order, and stops them in the opposite order.

Nothing else knows everybody. `opened.Core` is the data folder with its stores and services, enough for a command that
finds no server; `Server` is a core with listeners.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, cast

import structlog

from rookery.admin import runfile
from rookery.arduino.device.login import CertificateLogin, SecretKeyLogin, TokenLogin
from rookery.arduino.tokens import Tokens
from rookery.board_guide import BoardGuide
from rookery.clock import SystemClock
from rookery.core.clock import Clock, Timer
from rookery.core.housekeeping import Housekeeping
from rookery.core.people import Passwords
from rookery.demo import Demo, Place
from rookery.gateways.asgi import App
from rookery.gateways.attempts import Attempts
from rookery.gateways.broker import SpaceBrokers
from rookery.gateways.broker_login import KeyLogin
from rookery.gateways.coap_store import CatalogSessions
from rookery.gateways.limits import MqttLimits
from rookery.gateways.mqtt import MqttGateway
from rookery.keys import sign_request
from rookery.mailing import export_mail
from rookery.opened import Core, certificate_names, exports_of, own_certificate
from rookery.ports import Ports, bracketed, reachable, taken
from rookery.settings import DESCRIBED, Settings
from rookery.webhooks import Webhooks

if TYPE_CHECKING:
    from rookery.console.parts import Parts
    from rookery.gateways.coap_tcp import CoapTcpGateway
    from rookery.gateways.coap_udp import CoapUdpGateway
    from rookery.gateways.http import HttpGateway
    from rookery.particle.api.api import Api
    from rookery.particle.bridge import Bridge
    from rookery.particle.device.front import ParticleFront
    from rookery.particle.device.revival import Revival

log = structlog.get_logger("rookery.server")

CHORES_AFTER = 60.0
"""Seconds from the start to the first chores: when all boards come back at once there is enough to do."""
CHORES_EVERY = 3_600.0
LOOPBACK = "127.0.0.1"

_WEB_MODULES = (
    "rookery.arduino.api.app",
    "rookery.particle.api.app",
    "rookery.particle.device.front",
    "rookery.particle.device.revival",
    "rookery.gateways.coap_tcp",
    "rookery.gateways.coap_udp",
    "rookery.gateways.http",
    "rookery.console.app",
    "rookery.console.parts",
    "rookery.admin.api",
    "rookery.metrics",
)


class Server:
    """A node that serves. Made by `Server.start`."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.ports = Ports()
        self.tokens = Tokens(core.services, core.keys, "", lifetime=core.settings.token_lifetime)
        self.brokers = SpaceBrokers(core.messages, core.services.bus)
        self.attempts = Attempts(SystemClock())
        self.mqtt = self._mqtt_gateway()
        self.http: HttpGateway | None = None
        self.admin: HttpGateway | None = None
        self.exports = exports_of(core)
        self.particle: Api | None = None
        self.webhooks = Webhooks(core.services, core.settings)
        self.front: ParticleFront | None = None
        self.coap_tcp: CoapTcpGateway | None = None
        self.coap_udp: CoapUdpGateway | None = None
        self.revival: Revival | None = None
        self.console: Parts | None = None
        self.demo = Demo(self._place)
        self.sessions = CatalogSessions(core.catalog, core.services.sealed, core.clock)
        self._bridge: Bridge | None = None
        self._housekeeping = Housekeeping(core.catalog, core.telemetry, core.clock, core.settings.soft_delete_days)
        self._timer: Timer | None = None
        self._chores: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls,
        settings: Settings,
        *,
        clock: Clock | None = None,
        passwords: Passwords | None = None,
        more: Callable[[Server], Mapping[str, App]] | None = None,
    ) -> Server:
        """Open the stores, then listen. What was opened is closed again when a later part fails.

        Args:
            settings: of this node.
            clock: the machine's, unless given.
            passwords: argon2 at full cost, unless given.
            more: further applications, by the first part of their paths.

        Raises:
            PortUnusable: a port is taken or the address is not ours.
            and what `Core.open` raises.
        """
        # The modules of the web side are loaded in a thread while the stores wait for the disk: together they are
        # most of the start.
        loading = asyncio.ensure_future(asyncio.to_thread(_load, _WEB_MODULES))
        try:
            core = await Core.open(settings, clock, passwords)
        finally:
            await loading
        try:
            server = cls(core)
        except BaseException:
            await core.close()
            raise
        try:
            await server._listen(more)
        except BaseException:
            await server.stop()
            raise
        server._timer = core.clock.call_later(CHORES_AFTER, server._tend)
        return server

    async def stop(self) -> None:
        """Stop in the opposite order: listeners and sessions, then the stores. Harmless when done twice."""
        runfile.remove(self.core.folder.path)
        if self._timer is not None:
            self._timer.cancel()
        if self._chores is not None:
            self._chores.cancel()
            await asyncio.wait([self._chores])
        if self.particle is not None:
            self.particle.streams.close()
        await self.demo.close()
        if self.console is not None:
            await self.console.close()
        if self._bridge is not None:
            self._bridge.close()
        if self.front is not None:
            self.front.interrupt()
        for name, stop in self._listeners():
            try:
                await stop()
            except Exception:
                log.exception("server.stop_failed", part=name)
        self.http = self.admin = None
        await self.webhooks.close()
        await self.exports.close()
        await self.core.close()

    async def chores_done(self) -> None:
        """Wait for the chores that were begun."""
        if self._chores is not None:
            await asyncio.wait([self._chores])

    def _listeners(self) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        found: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        if self.admin is not None:
            found.append(("admin", self.admin.stop))
        # MQTT first: the sessions inside WebSockets say goodbye while their transport is still there.
        found.append(("mqtt", self.mqtt.stop))
        if self.revival is not None:
            found.append(("revival", self.revival.close))
        if self.coap_tcp is not None:
            found.append(("coap_tcp", self.coap_tcp.stop))
        if self.coap_udp is not None:
            found.append(("coap_udp", self.coap_udp.stop))
        if self.front is not None:
            found.append(("front", self.front.close))
        found.append(("sessions", self.sessions.close))
        if self.http is not None:
            found.append(("http", self.http.stop))
        return found

    @property
    def url(self) -> str | None:
        """The base URL of both APIs without TLS, for programs on this machine."""
        if self.ports.http is None:
            return None
        return f"http://{reachable(self.core.settings.plain_host)}:{self.ports.http}"

    @property
    def secure_url(self) -> str | None:
        """The same with TLS, under the first name that the operator has given."""
        if self.ports.https is None:
            return None
        hosts = self.core.settings.hosts
        name = bracketed(hosts[0]) if hosts else reachable(self.core.settings.host)
        return f"https://{name}:{self.ports.https}"

    def _place(self) -> Place:
        core, ports = self.core, self.ports
        return Place(
            services=core.services,
            clock=core.clock,
            keys=core.board_keys,
            authority=core.keys.authority_file,
            verify=core.settings.tls_cert is None,
            url=self.url or self.secure_url,
            host=core.settings.host,
            mqtts=ports.mqtts,
            particle_tcp=ports.particle_tcp,
            particle_udp=ports.particle_udp,
        )

    def _mqtt_gateway(self) -> MqttGateway:
        services, settings = self.core.services, self.core.settings
        gateway = MqttGateway(
            (
                SecretKeyLogin(services),
                TokenLogin(services, self.tokens),
                CertificateLogin(services, foreign=bool(settings.client_cas)),
                KeyLogin(services.clients, self.brokers),
            ),
            # Whether a client is still there is a matter of real time, also when the server's clock is turned by hand.
            SystemClock(),
            limits=MqttLimits(
                connections=settings.mqtt_max_connections,
                packet_bytes=settings.mqtt_max_packet,
                messages_per_second=settings.mqtt_max_rate,
            ),
            keeper=self.core.messages,
            attempts=self.attempts,
        )
        self.brokers.restore(gateway.adopt)
        return gateway

    async def _listen(self, more: Callable[[Server], Mapping[str, App]] | None) -> None:
        from rookery.gateways.http import HttpGateway

        settings, tls, ports = self.core.settings, self.core.keys.tls, self.ports
        # Before the first board: what it says may set a webhook off.
        await self.webhooks.open()
        plain, secure = settings.plain_host, settings.host
        self.http, self.admin = HttpGateway(), HttpGateway("commands of the operator")
        # All ports are taken before anybody is served: a start that fails has not been seen by a client.
        if settings.http_port is not None:
            ports.http = await taken("http_port", settings.http_port, self.http.bind(plain, settings.http_port))
        if settings.https_port is not None:
            binding = self.http.bind(secure, settings.https_port, tls=tls.context(("http/1.1",)))
            ports.https = await taken("https_port", settings.https_port, binding)
        admin_port = await self.admin.bind(LOOPBACK, 0)
        if settings.mqtt_port is not None:
            ports.mqtt = await taken("mqtt_port", settings.mqtt_port, self.mqtt.listen(plain, settings.mqtt_port))
        if settings.mqtts_port is not None:
            listening = self.mqtt.listen(secure, settings.mqtts_port, tls=tls.context())
            ports.mqtts = await taken("mqtts_port", settings.mqtts_port, listening)
        for wanted in settings.mqtts_cert_ports:
            listening = self.mqtt.listen(secure, wanted, tls=tls.certificate_context())
            ports.mqtts_cert += (await taken("mqtts_cert_ports", wanted, listening),)

        await self._listen_coap(secure)

        token = secrets.token_urlsafe(32)
        base_url = self.secure_url or self.url or ""
        await self.exports.open(export_mail(settings, self.core.services, base_url))
        self.tokens.issuer = base_url or "rookery"
        await self.http.start(self._application(self.http, more(self) if more is not None else {}))
        await self.admin.start(self._administration(token))
        if self.console is not None:
            self.console.start()
        running = runfile.Running(
            pid=os.getpid(),
            admin=f"http://{LOOPBACK}:{admin_port}",
            token=token,
            url=self.url or self.secure_url or "",
            secure_url=self.secure_url,
            ports=ports.as_settings(),
        )
        runfile.write(self.core.folder.path, running)

    async def _listen_coap(self, host: str) -> None:
        """Boards that speak CoAP. Their listeners are encrypted, so they are where the TLS listeners are."""
        from rookery.gateways.coap_tcp import CoapTcpGateway
        from rookery.gateways.coap_udp import CoapUdpGateway
        from rookery.particle.bridge import Bridge
        from rookery.particle.device import profile
        from rookery.particle.device.front import ParticleFront, coap_profile
        from rookery.particle.device.revival import Revival
        from rookery.wire.dtls.keys import SigningKey

        core, settings = self.core, self.core.settings
        if settings.bridge:
            self._bridge = Bridge(core.services)
        trust: Literal["first", "registered"] = "registered" if settings.particle_trust == "registered" else "first"
        # Whether a board is still there is a matter of real time, as it is for MQTT.
        clock = SystemClock()
        self.front = ParticleFront(core.services, trust=trust, bridge=settings.bridge, clock=clock)
        if settings.particle_tcp_port is not None:
            self.coap_tcp = CoapTcpGateway(
                self.front, core.board_keys.rsa_key, clock, profile=coap_profile(profile.TCP), attempts=self.attempts
            )
            listening = self.coap_tcp.listen(host, settings.particle_tcp_port)
            self.ports.particle_tcp = await taken("particle_tcp_port", settings.particle_tcp_port, listening)
        if settings.particle_udp_port is not None:
            self.coap_udp = CoapUdpGateway(
                self.front,
                self.sessions,
                SigningKey(core.board_keys.ec_key),
                clock,
                profile=coap_profile(profile.UDP),
                attempts=self.attempts,
            )
            listening = self.coap_udp.listen(host, settings.particle_udp_port)
            self.ports.particle_udp = await taken("particle_udp_port", settings.particle_udp_port, listening)
            self.revival = Revival(core.services, self.coap_udp, clock)
            core.services.boards.summons = self.revival.summon
            self.revival.start()

    def _application(self, http: HttpGateway, more: Mapping[str, App]) -> App:
        from rookery.arduino.api.api import ApiOptions
        from rookery.arduino.api.app import PREFIXES, build_api
        from rookery.console.app import ConsoleApp
        from rookery.console.backend import Backend
        from rookery.console.parts import Parts
        from rookery.metrics import Monitor
        from rookery.metrics_boards import BoardMetrics
        from rookery.web import Router

        core = self.core
        api = build_api(
            core.services,
            self.tokens,
            functools.partial(sign_request, core.keys.authority),
            self.exports,
            ApiOptions(
                base_url=self.secure_url or self.url or "",
                max_body=core.settings.rest_max_body,
                max_rate=core.settings.rest_max_rate,
                bridge=core.settings.bridge,
            ),
        )
        particle = self._particle_api()
        streams = self.particle.streams if self.particle is not None else None
        boards = BoardMetrics(self.coap_tcp, self.coap_udp, self.front, self.sessions, streams)
        monitor = Monitor(
            core.services,
            core.telemetry,
            core.messages,
            self.mqtt,
            self.brokers,
            http,
            core.keys,
            core.folder.path,
            self.webhooks.deliveries,
            lambda: (*boards.collect(), *(self.console.collect() if self.console is not None else ())),
        )
        # Litestar's names for the messages of ASGI are narrower than anybody else's; the calls are the same.
        apps: dict[str, App] = {prefix.strip("/"): cast(App, api) for prefix in PREFIXES}
        apps |= particle
        apps |= {"health": monitor.health, "metrics": monitor.metrics, **more}
        backend = Backend(
            services=core.services,
            settings=core.settings,
            keys=core.keys,
            guide=BoardGuide(core.keys.authority, core.board_keys),
            demo=self.demo,
            apis={name: app for name, app in apps.items() if name in ("iot", "v1", "oauth")},
            ports=self.ports.as_settings(),
            url=self.url,
            secure_url=self.secure_url,
            folder=core.folder.path,
            messages=self._messages_in,
            attempts=self.attempts,
            exports=self.exports,
            started=SystemClock().now(),
        )
        self.console = backend.parts = Parts(backend, SystemClock())

        def apply(settings: Settings) -> None:
            self._take_over(settings)
            backend.settings, backend.secure_url = core.settings, self.secure_url

        backend.apply = apply
        console = ConsoleApp(backend, {"live": self.console.live})
        return Router(apps, {"mqtt": self.mqtt.websocket, "console": console}, console)

    def _take_over(self, settings: Settings) -> None:
        """Let those settings hold that a running server can change; the others are those of the next start."""
        core = self.core
        core.keys.use(certificate_names(settings), own_certificate(settings), SystemClock().now())
        live = {name: getattr(settings, name) for name, described in DESCRIBED.items() if described.live}
        core.settings = replace(core.settings, **live, origins=settings.origins)

    def _messages_in(self) -> int:
        """What boards and programs have said since the start."""
        gateways = (self.mqtt, self.coap_tcp, self.coap_udp)
        return sum(gateway.counters.messages_in for gateway in gateways if gateway is not None)

    def _particle_api(self) -> dict[str, App]:
        from rookery.particle.api.api import Api, ApiOptions
        from rookery.particle.api.app import PREFIXES, build_api
        from rookery.particle.api.rate import VENDOR_RATES, RateOptions

        settings = self.core.settings
        options = ApiOptions(
            base_url=self.secure_url or self.url or "",
            max_body=settings.rest_max_body,
            bridge=settings.bridge,
            signup=settings.particle_signup,
            public_clients=dict(settings.particle_clients),
            rates=VENDOR_RATES if settings.particle_rates == "vendor" else RateOptions(),
        )
        self.particle = Api(self.core.services, options, SystemClock(), self.webhooks.integrations)
        api = build_api(self.particle)
        return {prefix.strip("/"): api for prefix in PREFIXES}

    def _administration(self, token: str) -> App:
        from rookery.admin.api import AdminApi

        return AdminApi(self.core.services, token, self.console.orders() if self.console is not None else None)

    def _tend(self) -> None:
        """Once an hour: renew the certificate where it is due, remove what was deleted long ago."""
        if self._chores is None or self._chores.done():
            self._chores = asyncio.get_running_loop().create_task(self._chore())
        self._timer = self.core.clock.call_later(CHORES_EVERY, self._tend)

    async def _chore(self) -> None:
        try:
            if await asyncio.to_thread(self.core.keys.refresh, SystemClock().now()):
                log.info("server.certificate_renewed")
            await self._housekeeping.run()
            await self.core.services.retention.run()
            await self.exports.clean()
        except Exception:
            log.exception("server.chores_failed")


def _load(modules: tuple[str, ...]) -> None:
    for name in modules:
        importlib.import_module(name)
