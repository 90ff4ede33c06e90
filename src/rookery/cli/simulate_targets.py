"""Which server `rookery simulate` means, and what opens it: of a data folder, or elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rookery.cli.exits import Exit, fail
from rookery.cli.options import order

if TYPE_CHECKING:
    from rookery.admin.runfile import Running
    from rookery.simulate.api import ApiKey
    from rookery.simulate.fleet import Address
    from rookery.simulate.particle_fleet import ParticleAddress
    from rookery.simulate.shell import Trust

TOKEN_SECONDS = 86_400
"""Of the token with which Particle boards are registered, should it come to nothing that it is revoked in the end."""
DEFAULT_MQTTS_PORT = 8884
DEFAULT_TCP_PORT = 5683
DEFAULT_UDP_PORT = 5684
CREDENTIALS = ("ROOKERY_CLIENT_ID", "ROOKERY_CLIENT_SECRET", "ROOKERY_TOKEN")


class Elsewhere(NamedTuple):
    """What is said of a server that runs on another folder, or of ours against what its folder says."""

    client_id: str | None
    client_secret: str | None
    token: str | None
    server_keys: Path | None
    mqtts_port: int | None
    tcp_port: int | None
    udp_port: int | None


class Target(NamedTuple):
    """The Arduino side of the server that is meant."""

    url: str
    key: ApiKey
    address: Address


class ParticleTarget(NamedTuple):
    """The Particle side of it."""

    url: str
    token: str
    trust: Trust
    address: ParticleAddress


def _address_of(server: str) -> tuple[str, str]:
    """URL and host."""
    from urllib.parse import urlsplit

    url = server if "//" in server else f"https://{server}"
    host = urlsplit(url).hostname
    if not host:
        fail(f"--server: {server!r} is not the address of a server.", Exit.USAGE)
    return url, host


def elsewhere(server: str, said: Elsewhere, trust: Trust) -> Target:
    """The server at this address, for Arduino boards; ends the command when something is missing."""
    from rookery.simulate.api import ApiKey
    from rookery.simulate.fleet import Address

    if not said.client_id or not said.client_secret:
        names = " and ".join(CREDENTIALS[:2])
        fail(f"--server needs an API key: --client-id and --client-secret, or {names}.", Exit.USAGE)
    url, host = _address_of(server)
    key = ApiKey(said.client_id, said.client_secret)
    return Target(url, key, Address(host, said.mqtts_port or DEFAULT_MQTTS_PORT, trust))


def particle_elsewhere(server: str, said: Elsewhere, trust: Trust) -> ParticleTarget:
    """The same for Particle boards."""
    if not said.token or said.server_keys is None:
        fail(f"--server with --particle needs --token, or {CREDENTIALS[2]}, and --server-keys.", Exit.USAGE)
    url, host = _address_of(server)
    tcp, udp = said.tcp_port or DEFAULT_TCP_PORT, said.udp_port or DEFAULT_UDP_PORT
    return ParticleTarget(url, said.token, trust, _particle_address(host, tcp, udp, said.server_keys))


def _particle_address(host: str, tcp: int | None, udp: int | None, keys: Path) -> ParticleAddress:
    from rookery.simulate.particle_fleet import ParticleAddress

    try:
        return ParticleAddress.of(host, tcp, udp, keys)
    except OSError as error:
        fail(f"The server's public keys can not be read: {error}", Exit.USAGE)


def running_on(path: Path) -> Running:
    """The server that runs on a data folder and answers over HTTP; ends the command when there is none."""
    from rookery.admin import runfile

    running = runfile.read(path)
    if running is None:
        fail(
            f"No server runs on {path}: start `rookery serve --data-dir {path}`, or name another with --server.",
            Exit.UNREACHABLE,
        )
    if not running.url:
        fail("The server of this folder has no HTTP listener: start it with --http-port.")
    return running


@contextmanager
def on_folder(path: Path, running: Running, port: int | None, trust: Trust, user: str | None) -> Iterator[Target]:
    """The server that runs on a data folder, with an API key that is withdrawn at the end."""
    from rookery.simulate.api import ApiKey
    from rookery.simulate.fleet import Address

    port = port or running.mqtts
    if port is None:
        fail("The server of this folder has no MQTT listener for secret keys: start it with --mqtts-port.")
    host = _near(port, running.url)
    made = order(path, "key_create", name="rookery simulate", user=user)
    try:
        yield Target(running.url, ApiKey(made["id"], made["secret"]), Address(host, port, trust))
    finally:
        order(path, "key_delete", id=made["id"])


@contextmanager
def particle_on_folder(
    path: Path, running: Running, said: Elsewhere, trust: Trust, user: str | None
) -> Iterator[ParticleTarget]:
    """The same for Particle boards, with a token that is revoked at the end."""
    from urllib.parse import urlsplit

    tcp = said.tcp_port or next(iter(running.ports.get("particle_tcp_port", ())), None)
    udp = said.udp_port or next(iter(running.ports.get("particle_udp_port", ())), None)
    host = _near(tcp, running.url) if tcp else urlsplit(running.url).hostname or "127.0.0.1"
    address = _particle_address(host, tcp, udp, said.server_keys or path / "keys")
    made = order(path, "token_create", expires_in=TOKEN_SECONDS, user=user)
    try:
        yield ParticleTarget(running.url, made["access_token"], trust, address)
    finally:
        order(path, "token_revoke", token=made["access_token"])


def _near(port: int, url: str) -> str:
    """The address of this machine that answers on this port; the server may listen on one of them only."""
    import socket
    from urllib.parse import urlsplit

    def answers(host: str) -> bool:
        try:
            with socket.create_connection((host, port), timeout=5):
                return True
        except OSError:
            return False

    near = next(filter(answers, ("127.0.0.1", "::1", urlsplit(url).hostname or "")), None)
    return near or fail(f"Nobody answers on port {port} of this machine.", Exit.UNREACHABLE)
