"""`rookery doctor`: looks for what is wrong, and says the way out."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import typer

from rookery.cli.exits import Exit
from rookery.cli.options import AsJson, DataDir, folder

if TYPE_CHECKING:
    from cryptography import x509

    from rookery.admin.runfile import Running
    from rookery.settings import Settings

LITTLE_DISK = 1 << 30
"""Bytes free below which the operator should know."""
NO_DISK = 64 << 20
"""Bytes free below which values will soon be refused (see `rookery.metrics`)."""
SOON_DAYS = 21
"""A server renews its own certificate 30 days before the end; one that is nearer to it is not looked after."""
BUILT = 1_748_736_000
"""June 2025, in seconds since the epoch. No working clock tells an earlier time."""
ANSWER_SECONDS = 5.0
BOARDS_DIAL = 5684
"""The UDP port that Particle boards dial, whatever is written into them (`rookery.keys.address`)."""
NEIGHBOURHOOD = {4: 16, 6: 64}
"""Shortest prefix, by version of IP, of a network that is no more than a house: 192.168.0.0/16, or one IPv6 link."""

State = Literal["ok", "warn", "fail"]


class Finding(NamedTuple):
    """One line."""

    state: State
    what: str
    text: str
    """What was found and, unless it is well, the way out."""


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        "doctor",
        short_help="Look for what is wrong, and say the way out.",
        epilog="Exit codes: 0 nothing fails (there may be warnings), 1 something fails.",
    )
    def doctor(data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """Check the data folder, the ports, the certificate, the names, the mail server and the running server."""
        findings = list(examine(folder(data_dir)))
        if as_json:
            print(json.dumps([finding._asdict() for finding in findings]))
        else:
            for finding in findings:
                print(f"{finding.state:<4}  {finding.what:<12}  {finding.text}")
        if any(finding.state == "fail" for finding in findings):
            sys.exit(Exit.FAILED)


def examine(path: Path) -> Iterator[Finding]:
    """All findings about the server of this folder, in the order in which one would mend them."""
    from rookery.admin import runfile
    from rookery.settings import Settings, SettingsError

    try:
        settings = Settings.load(os.environ, {"data_dir": str(path)})
    except SettingsError as error:
        yield Finding("fail", "settings", str(error))
        return
    try:
        dialled = _dialled(settings)
    except ValueError as error:
        yield Finding("fail", "settings", f"hosts: {error}")
        return
    yield Finding("ok", "settings", "they can be read")
    running = runfile.read(path)
    yield from _folder(path)
    yield _disk(path)
    yield _clock()
    yield from _server(path, running)
    yield from _ports(settings, running)
    yield from _certificate(path, settings, dialled)
    yield from _names(dialled)
    yield from _board_keys(path / "keys", settings)
    yield from _webhooks(settings)
    yield _mail(settings)
    yield _bridge(settings)


def _folder(path: Path) -> Iterator[Finding]:
    if not path.exists():
        yield Finding("warn", "folder", f"{path} is not there yet: the first `rookery serve` makes it")
        return
    if not path.is_dir():
        yield Finding("fail", "folder", f"{path} is not a folder: name another one with --data-dir")
        return
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        yield Finding("fail", "folder", f"{path} can not be written: give it to the user that runs Rookery")
    else:
        yield Finding("ok", "folder", f"{path} can be written")
    open_files = [each for each in (path, *_private(path)) if each.stat().st_mode & 0o077]
    if open_files:
        names = " ".join(str(each) for each in open_files)
        yield Finding("warn", "permissions", f"other accounts of this machine may look into it: chmod go= {names}")
    else:
        yield Finding("ok", "permissions", "only its owner may look into it")


def _private(path: Path) -> Sequence[Path]:
    return [each for each in (*path.glob("*.db"), path / "keys", *(path / "keys").glob("*")) if each.exists()]


def _disk(path: Path) -> Finding:
    there = next(each for each in (path, *path.parents) if each.exists())
    free = shutil.disk_usage(there).free
    size = f"{free / (1 << 30):.1f} GiB are free"
    if free < NO_DISK:
        return Finding("fail", "disk", f"{size}: make room on the disk of {there}, values are refused when it is full")
    if free < LITTLE_DISK:
        return Finding("warn", "disk", f"{size}: make room on the disk of {there} soon")
    return Finding("ok", "disk", size)


def _clock() -> Finding:
    now = time.time()
    if now < BUILT:
        told = time.strftime("%Y-%m-%d", time.gmtime(now))
        return Finding("fail", "clock", f"it says {told}, which is past: set it, or let NTP do it; certificates fail")
    return Finding("ok", "clock", time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now)))


def _server(path: Path, running: Running | None) -> Iterator[Finding]:
    if running is None:
        yield Finding("warn", "server", f"none runs on this folder: rookery serve --data-dir {path}")
        return
    import http.client
    from urllib.parse import urlsplit

    from rookery.cli.orders import CommandFailed, Unreachable, ask

    try:
        ask(running, "user_list", {})
    except (OSError, CommandFailed, Unreachable) as error:
        yield Finding("fail", "server", f"process {running.pid} does not answer its commands ({error}): restart it")
        return
    yield Finding("ok", "server", f"process {running.pid} answers")
    address = urlsplit(running.url)
    if address.scheme != "http":
        return
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/health")
        answer = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        yield Finding("fail", "health", f"{running.url}/health does not answer ({error}): restart the server")
        return
    finally:
        connection.close()
    unwell = {name: state for name, state in answer["checks"].items() if state != "ok"}
    if unwell:
        told = ", ".join(f"{name}: {state}" for name, state in unwell.items())
        yield Finding("fail", "health", f"{told}; the server's log says more")
    else:
        yield Finding("ok", "health", "the server says that it is well")


def _ports(settings: Settings, running: Running | None) -> Iterator[Finding]:
    plain, secure = settings.plain_host, settings.host
    wanted = [
        ("http_port", plain, settings.http_port),
        ("https_port", secure, settings.https_port),
        ("mqtt_port", plain, settings.mqtt_port),
        ("mqtts_port", secure, settings.mqtts_port),
        *(("mqtts_cert_ports", secure, port) for port in settings.mqtts_cert_ports),
        ("particle_tcp_port", secure, settings.particle_tcp_port),
        ("particle_udp_port", secure, settings.particle_udp_port),
    ]
    for setting, host, port in wanted:
        if not port:
            continue
        datagrams = setting == "particle_udp_port"
        what = f"port {port}/udp" if datagrams else f"port {port}"
        if running is not None and port in running.ports.get(setting, ()):
            yield Finding("ok", what, f"ours ({setting})")
            continue
        flag = "--mqtts-cert-port" if setting == "mqtts_cert_ports" else "--" + setting.replace("_", "-")
        reason = _taken(host, port, socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM)
        if reason is None:
            yield Finding("ok", what, f"free ({setting})")
        elif running is not None:
            yield Finding("warn", what, f"not ours ({setting}): the server was started with other ports")
        else:
            yield Finding("fail", what, f"{reason} ({setting}): stop who has it, or choose {flag} N")
    chosen = settings.particle_udp_port
    if chosen is not None and chosen != BOARDS_DIAL:
        yield Finding(
            "warn",
            f"port {BOARDS_DIAL}/udp",
            f"boards dial it whatever they were given, and particle_udp_port is {chosen or 'any free one'}: choose "
            f"{BOARDS_DIAL}, or translate it",
        )


def _taken(host: str, port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> str | None:
    """Why a server could not listen there; None when it could."""
    try:
        infos = socket.getaddrinfo(host or None, port, type=kind, flags=socket.AI_PASSIVE)
        for family, _, protocol, _, address in infos:
            with socket.socket(family, kind, protocol) as probe:
                if kind == socket.SOCK_STREAM:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
                if kind == socket.SOCK_STREAM:
                    # Two sockets may be bound to one address; only one may listen.
                    probe.listen(1)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return None


def _certificate(path: Path, settings: Settings, dialled: Sequence[str]) -> Iterator[Finding]:
    from rookery.keys.errors import KeysError
    from rookery.keys.store import SERVER_FILE, covers
    from rookery.keys.tls import load_certificates, suits_small_boards

    file = settings.tls_cert or path / "keys" / SERVER_FILE
    if not file.exists():
        if settings.tls_cert is not None:
            yield Finding("fail", "certificate", f"{file} is not there: correct tls_cert")
        return
    try:
        certificate = load_certificates(file)[0]
    except KeysError as error:
        yield Finding("fail", "certificate", str(error))
        return
    yield _validity(certificate, own=settings.tls_cert is not None)
    missing = [name for name in dialled if not covers(certificate, name)]
    if missing:
        out = "get one that does" if settings.tls_cert is not None else "restart the server, which makes a new one"
        yield Finding("fail", "certificate", f"it does not carry {', '.join(missing)}: {out}")
    elif dialled:
        yield Finding("ok", "certificate", f"it carries {', '.join(dialled)}")
    if not suits_small_boards(certificate):
        yield Finding("warn", "certificate", "small boards can not use it: get an ECDSA one on P-256")


def _validity(certificate: x509.Certificate, *, own: bool) -> Finding:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    days = (end.timestamp() - time.time()) / 86_400
    until = f"valid until {end:%Y-%m-%d}"
    out = "renew it" if own else "restart the server, which renews it"
    if days < 0 or start.timestamp() > time.time():
        return Finding("fail", "certificate", f"valid from {start:%Y-%m-%d} to {end:%Y-%m-%d}, so not now: {out}")
    if days < SOON_DAYS:
        return Finding("warn", "certificate", f"{until}: {out}")
    return Finding("ok", "certificate", until)


def _names(dialled: Sequence[str]) -> Iterator[Finding]:
    if not dialled:
        yield Finding(
            "warn", "names", 'no host name is set: clients elsewhere need one, hosts = ["NAME"] in rookery.toml'
        )
        return
    for name in dialled:
        try:
            found = sorted({str(info[4][0]) for info in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)})
        except OSError:
            yield Finding("fail", "names", f"{name} leads nowhere: add it to your DNS, your router or /etc/hosts")
            continue
        yield Finding("ok", "names", f"{name} leads to {', '.join(found)}")


def _dialled(settings: Settings) -> list[str]:
    """The names that clients put together from the configured ones.

    Raises:
        ValueError: one is no host name.
    """
    from rookery.keys.names import is_address, normalised

    names: list[str] = []
    for host in map(normalised, settings.hosts):
        names.append(host)
        if not is_address(host):
            names += [f"wss.{host}", f"mqtts-up.{host}"]
    return names


def _board_keys(keys: Path, settings: Settings) -> Iterator[Finding]:
    """The keys of this server that Particle boards were given: who loses them loses the boards."""
    if settings.particle_tcp_port is None and settings.particle_udp_port is None:
        return
    from rookery.keys.boards import EC_KEY_FILE, EC_PUBLIC_FILE, RSA_KEY_FILE, RSA_PUBLIC_FILE

    files = [keys / name for name in (RSA_KEY_FILE, EC_KEY_FILE, RSA_PUBLIC_FILE, EC_PUBLIC_FILE)]
    missing = [file for file in files if not file.exists()]
    if len(missing) == len(files):
        yield Finding("ok", "board keys", "there are none yet: the next start makes them")
        return
    lost = [file.name for file in missing if file.suffix == ".key"]
    if lost:
        yield Finding("fail", "board keys", f"{', '.join(lost)} not in {keys}: restore it, boards know no other server")
        return
    if missing:
        names = ", ".join(file.name for file in missing)
        yield Finding("warn", "board keys", f"{names} not in {keys}: the next start writes it")
        return
    wrong = [_pair(keys / RSA_KEY_FILE, keys / RSA_PUBLIC_FILE), _pair(keys / EC_KEY_FILE, keys / EC_PUBLIC_FILE)]
    if any(wrong):
        yield Finding("fail", "board keys", "; ".join(text for text in wrong if text))
        return
    trust = "boards are trusted at first sight" if settings.particle_trust == "first" else "registered boards only"
    yield Finding("ok", "board keys", f"they can be read; {trust} (particle_trust)")


def _pair(private: Path, public: Path) -> str | None:
    """What is wrong with a key and its public half. Nothing is changed, as a server at its start would."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    try:
        key = load_pem_private_key(private.read_bytes(), password=None)
        told = public.read_bytes()
    except OSError as error:
        return f"{error.filename} can not be read ({(error.strerror or '').lower()}): give it to who runs Rookery"
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return f"{private} is not a private key: restore it from a backup"
    if told != key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo):
        return f"{public} is not the public half of {private.name}: restore both from the same backup"
    return None


def _webhooks(settings: Settings) -> Iterator[Finding]:
    """Whether webhooks reach more than they should."""
    wide = [each for each in settings.webhook_networks if each.prefixlen < NEIGHBOURHOOD[each.version]]
    if wide:
        named = ", ".join(map(str, wide))
        yield Finding("warn", "webhooks", f"they may call all of {named}: name the hosts they need in webhook_networks")
    elif settings.webhook_networks:
        yield Finding("ok", "webhooks", f"besides public addresses, {', '.join(map(str, settings.webhook_networks))}")
    else:
        yield Finding("ok", "webhooks", "they call public addresses only")


def _mail(settings: Settings) -> Finding:
    """Whether the mail server lets us in. Nothing is sent."""
    from rookery.core.mail import MailDelayed, MailRefused
    from rookery.mailing import smtp_of

    smtp = smtp_of(settings)
    if smtp is None:
        return Finding("ok", "mail", "no server is set up, so none is sent (mail_server)")
    try:
        smtp.probe()
    except (MailDelayed, MailRefused) as error:
        return Finding("fail", "mail", f"{str(error).rstrip('.')}: correct the mail_ settings, or start that server")
    return Finding("ok", "mail", f"{settings.mail_server}:{settings.mail_port} lets us in")


def _bridge(settings: Settings) -> Finding:
    if settings.bridge:
        return Finding("ok", "bridge", "open: each API shows the boards of both vendors")
    return Finding("ok", "bridge", "closed: each API shows the boards of its own vendor")
