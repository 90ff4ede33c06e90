"""A data folder in use: locked, upgraded, with its keys, stores and services. Enough for a command that finds no
server; `server.Server` is this with listeners.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import structlog

from rookery.arduino.ca import HOST_PREFIXES, SUBJECT
from rookery.bus.local import LocalBus
from rookery.clock import SystemClock
from rookery.core.clock import Clock
from rookery.core.exports import Exports
from rookery.core.ids import Identifiers
from rookery.core.people import Passwords
from rookery.core.secrets import Peppered, Sealed
from rookery.core.services import Services, build_services
from rookery.keys import BoardKeys, KeyStore, machine_addresses, server_names
from rookery.keys.store import CertificateFiles
from rookery.passwords import Argon2Passwords
from rookery.settings import Settings, SettingsError
from rookery.storage.catalog import open_catalog
from rookery.storage.exports import ExportFolder
from rookery.storage.folder import DataFolder
from rookery.storage.messages import MessageFile
from rookery.storage.telemetry import TelemetryStore

if TYPE_CHECKING:
    from rookery.storage.catalog.sql import SqlCatalog

log = structlog.get_logger("rookery.server")


@dataclass(slots=True)
class Core:
    """A data folder in use: its keys, stores and services."""

    settings: Settings
    clock: Clock
    folder: DataFolder
    keys: KeyStore
    board_keys: BoardKeys
    catalog: SqlCatalog
    telemetry: TelemetryStore
    messages: MessageFile
    services: Services

    @classmethod
    async def open(cls, settings: Settings, clock: Clock | None = None, passwords: Passwords | None = None) -> Core:
        """Lock the folder, make or upgrade what is in it, and put the services together.

        Raises:
            FolderError, KeysError, TelemetryFileError, SettingsError: each with a sentence for the operator.
        """
        clock = clock or SystemClock()
        synchronous = _synchronous(settings)
        async with contextlib.AsyncExitStack() as opened:
            folder = DataFolder.open(settings.data_dir)
            opened.callback(folder.close)
            # Each waits for the disk in a thread of its own.
            keys = asyncio.ensure_future(asyncio.to_thread(open_keys, settings, folder))
            board_keys = asyncio.ensure_future(asyncio.to_thread(BoardKeys.open, folder.keys))
            catalog = asyncio.ensure_future(open_catalog(folder.catalog, synchronous=synchronous))
            messages = asyncio.ensure_future(MessageFile.open(folder.messages, synchronous=synchronous))
            telemetry = asyncio.ensure_future(_open_telemetry(folder, clock, settings))
            await asyncio.wait((keys, board_keys, catalog, messages, telemetry))
            for store in (catalog, messages, telemetry):
                if store.exception() is None:
                    opened.push_async_callback(store.result().close)
            services = build_services(
                catalog.result(),
                telemetry.result(),
                LocalBus(),
                clock,
                Identifiers(os.urandom),
                passwords or Argon2Passwords(),
                Peppered(keys.result().pepper),
                Sealed(keys.result().pepper, os.urandom),
            )
            services.events.fleet_wide = settings.particle_fleet_events
            services.retention.rules.update(
                values=settings.keep_values_days,
                events=settings.keep_events_days,
                vitals=settings.keep_vitals_days,
                journals=settings.keep_journals_days,
            )
            services.claims.online_only = not settings.particle_claim_offline
            core = cls(
                settings,
                clock,
                folder,
                keys.result(),
                board_keys.result(),
                catalog.result(),
                telemetry.result(),
                messages.result(),
                services,
            )
            opened.pop_all()
            return core

    async def close(self) -> None:
        """Write what waits, close the files and let go of the folder."""
        for name, close in (
            ("journal", self.services.journal.close),
            ("audit", self.services.audit.close),
            ("telemetry", self.telemetry.close),
            ("messages", self.messages.close),
            ("catalog", self.catalog.close),
        ):
            try:
                await close()
            except Exception:
                log.exception("server.close_failed", part=name)
        self.folder.close()


def open_keys(settings: Settings, folder: DataFolder) -> KeyStore:
    """The keys and certificates of this folder, for the names under which clients dial this machine.

    Raises:
        KeysError: a file can not be used.
        SettingsError: a configured host is no host name.
    """
    return KeyStore.open(
        folder.keys,
        certificate_names(settings),
        # Certificates are for the real world, also when the server's own clock is turned by hand.
        SystemClock().now(),
        subject=SUBJECT,
        own_certificate=own_certificate(settings),
        client_authorities=settings.client_cas,
    )


def certificate_names(settings: Settings) -> tuple[str, ...]:
    """The names that the server's certificate has.

    Raises:
        SettingsError: a configured host is no host name.
    """
    try:
        return server_names(
            settings.hosts,
            (*settings.certificate_names, *machine_addresses()),
            prefixes=HOST_PREFIXES,
            machine=socket.gethostname(),
        )
    except ValueError as error:
        raise SettingsError(f"hosts or certificate_names can not be used: {error}") from error


def own_certificate(settings: Settings) -> CertificateFiles | None:
    """The operator's own certificate, where one is configured."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return CertificateFiles(settings.tls_cert, settings.tls_key)


def exports_of(core: Core) -> Exports:
    """The exports of this folder, before `open`."""
    return Exports(
        core.catalog,
        core.telemetry,
        core.services.variables,
        ExportFolder(core.folder.blobs / "exports"),
        core.services.ids,
        core.clock,
        # A key of its own from the one secret of the folder: neither use can be turned into the other.
        hmac.digest(core.keys.pepper, b"export links", "sha256"),
    )


def _synchronous(settings: Settings) -> Literal["FULL", "NORMAL"]:
    return "FULL" if settings.sync == "full" else "NORMAL"


async def _open_telemetry(folder: DataFolder, clock: Clock, settings: Settings) -> TelemetryStore:
    store = TelemetryStore(
        folder.telemetry,
        clock,
        synchronous=_synchronous(settings),
        spacing=settings.group_commit_ms / 1_000,
        reserve=settings.disk_reserve * 1_000_000,
    )
    await store.open()
    return store
