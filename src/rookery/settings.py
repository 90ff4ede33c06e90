"""Every setting of a server, once: its name, type, default, unit and what it does.

A setting comes from, in rising precedence: its default, the file `rookery.toml` in the data folder, the environment
(`ROOKERY_` and the name in capitals), and the command line. `Settings.load` reads them and checks each value;
whatever is wrong becomes one plain sentence that names the setting, where it stands, and what is allowed.

`python -m rookery.settings` prints `docs/settings.md`.
"""

from __future__ import annotations

import difflib
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Any, Self

from rookery.settings_kinds import (
    NAMES,
    NETWORKS,
    PAIRS,
    PATH,
    PATHS,
    PORT,
    PORTS,
    SWITCH,
    TEXT,
    Kind,
    choice,
    integer,
    number,
)

FILE_NAME = "rookery.toml"
PREFIX = "ROOKERY_"
NO_SETTINGS = (
    "ROOKERY_CLIENT_ID",
    "ROOKERY_CLIENT_SECRET",
    "ROOKERY_ACCESS_TOKEN",
)
"""Environment variables that are no settings: the API key and the access token of `rookery simulate` and of people's
own scripts."""
DEFAULT_FOLDER = "rookery-data"

FILE, ENVIRONMENT, FLAG = "file", "environment", "flag"
"""Where a setting can come from, besides its default."""


class SettingsError(Exception):
    """A setting is unknown or its value cannot be used. The text is one plain sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Described:
    """What the documentation says about one setting."""

    kind: Kind
    group: str
    text: str
    unit: str = ""
    in_file: bool = True
    live: bool = False
    """Whether a running server takes a change over."""


def _setting(
    default: Any, kind: Kind, group: str, text: str, unit: str = "", *, in_file: bool = True, live: bool = False
) -> Any:
    return field(default=default, metadata={"described": Described(kind, group, text, unit, in_file, live)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one server. A port of None is a listener that is off."""

    data_dir: Path = _setting(
        Path(DEFAULT_FOLDER),
        PATH,
        "Place",
        "The folder that keeps everything. It also holds the settings file, so it is not set in that file.",
        in_file=False,
    )
    host: str = _setting(
        "0.0.0.0",  # noqa: S104 - boards dial from outside; these listeners speak TLS
        TEXT,
        "Listeners",
        'The address on which TLS listeners accept connections; "::" is every address, IPv6 included.',
    )
    plain_host: str = _setting(
        "127.0.0.1",
        TEXT,
        "Listeners",
        "The address on which listeners without TLS accept connections. Anything but a loopback address sends "
        "passwords readable over the network.",
    )
    http_port: int | None = _setting(8080, PORT, "Listeners", "HTTP: pages, APIs, WebSocket at `/mqtt`.")
    https_port: int | None = _setting(8443, PORT, "Listeners", "The same over TLS.")
    mqtt_port: int | None = _setting(1883, PORT, "Listeners", "MQTT without TLS.")
    mqtts_port: int | None = _setting(8884, PORT, "Listeners", "MQTT over TLS, for log-ins with a secret key.")
    mqtts_cert_ports: tuple[int, ...] = _setting(
        (8885, 8883),
        PORTS,
        "Listeners",
        "MQTT over TLS, for log-ins with a client certificate; 8883 is where older boards dial. "
        "The flag is `--mqtts-cert-port`.",
    )
    particle_tcp_port: int | None = _setting(
        5683,
        PORT,
        "Listeners",
        "Particle boards over TCP with RSA and AES: Photon, P1, Core. Boards know another port only when it was "
        "written into them with the server key.",
    )
    particle_udp_port: int | None = _setting(
        5684,
        PORT,
        "Listeners",
        "Particle boards over UDP with DTLS: Argon, Boron, Photon 2, Tracker and newer ones. These boards dial 5684, "
        "whatever was written into them: use another port only behind a translation of it.",
    )
    hosts: tuple[str, ...] = _setting(
        (),
        NAMES,
        "Names and certificates",
        "Host names or addresses under which clients reach this server. Each name also gets into the certificate "
        "behind the labels that clients put in front of it (`wss.`, `mqtts-up.`, `mqtts-sa.`).",
        live=True,
    )
    certificate_names: tuple[str, ...] = _setting(
        (),
        NAMES,
        "Names and certificates",
        "Further names or addresses for the certificate, taken as they are.",
        live=True,
    )
    tls_cert: Path | None = _setting(
        None,
        PATH,
        "Names and certificates",
        "A certificate chain of your own (PEM) instead of one from the server's own authority. Needs `tls_key`.",
        live=True,
    )
    tls_key: Path | None = _setting(
        None, PATH, "Names and certificates", "The key of `tls_cert` (PEM, not encrypted).", live=True
    )
    client_cas: tuple[Path, ...] = _setting(
        (),
        PATHS,
        "Names and certificates",
        "Files (PEM) with further authorities whose client certificates are accepted from boards.",
    )
    token_lifetime: int = _setting(
        300, integer(10, 86_400), "Sessions", "How long an access token is valid.", "seconds"
    )
    session_days: int = _setting(
        30, integer(1, 365), "Sessions", "How long somebody stays signed in to the console.", "days", live=True
    )
    bridge: bool = _setting(
        True,
        SWITCH,
        "Both worlds",
        "Whether boards of either vendor are shown by the API of the other: variables of Arduino boards can be read, "
        "called and heard under `/v1`, and events of Particle boards fill variables of their names. false: each API "
        "shows what the vendor's would.",
    )
    particle_trust: str = _setting(
        "first",
        choice("first", "registered"),
        "Particle",
        'Which boards may connect: "first" keeps the key that a board shows when it is first seen and insists on it '
        'from then on; "registered" turns away boards whose key was not registered before.',
    )
    particle_signup: bool = _setting(
        False, SWITCH, "Particle", "Whether anybody who reaches the server may create a user (`POST /v1/users`)."
    )
    particle_clients: tuple[tuple[str, str], ...] = _setting(
        (),
        PAIRS,
        "Particle",
        "Further OAuth clients that everybody may know, such as the one that is built into an Android app. Those of "
        "the vendor's own programs are known anyway.",
    )
    particle_claim_offline: bool = _setting(
        False,
        SWITCH,
        "Particle",
        "Whether a board that is in no product can be claimed by its id while it is not connected.",
    )
    particle_fleet_events: bool = _setting(
        False,
        SWITCH,
        "Particle",
        "Whether what is published to a product reaches all its boards. false: only those that the owner of the "
        "product has claimed, as the API tutorial says; true: also unclaimed ones and those of customers, as the "
        "vendor does since 2023.",
    )
    particle_rates: str = _setting(
        "off",
        choice("off", "vendor"),
        "Particle",
        'How often one address may call: "vendor" holds the documented limits; "off" counts wrong passwords only. '
        "This machine itself is never limited.",
    )
    webhook_networks: tuple[IPv4Network | IPv6Network, ...] = _setting(
        (),
        NETWORKS,
        "Integrations",
        "Private networks that webhooks may call. Without them everything that is not a public address is refused, "
        "this machine included.",
    )
    webhook_failures: int = _setting(
        50,
        integer(0, 1_000_000),
        "Integrations",
        "After how many events in a row that could not be delivered an integration is turned off. 0: never.",
    )
    mail_server: str | None = _setting(
        None,
        TEXT,
        "Mail",
        "The SMTP server that takes e-mail: people get the links to exports of history that they have asked for. "
        "Without one, nothing is sent.",
    )
    mail_port: int = _setting(587, integer(1, 65_535), "Mail", "Its port; 587 is for STARTTLS, 465 for TLS.")
    mail_security: str = _setting(
        "starttls",
        choice("starttls", "tls", "none"),
        "Mail",
        'How the way to it is encrypted: "starttls", "tls" from the first byte, or "none", which goes without '
        "a password or to this machine only.",
    )
    mail_from: str | None = _setting(
        None,
        TEXT,
        "Mail",
        "The address that mail comes from, `NAME <ADDRESS>` or an address. Needed with `mail_server`.",
    )
    mail_user: str | None = _setting(None, TEXT, "Mail", "Who logs in to it, where it wants that.")
    mail_password_file: Path | None = _setting(
        None, PATH, "Mail", "A file with the password of `mail_user` and nothing else."
    )
    sync: str = _setting(
        "full",
        choice("full", "normal"),
        "Storage",
        'When values count as stored: "full" after a flush to disk, so that a power cut loses nothing that was '
        'acknowledged; "normal" spares SD cards and may lose the last moments in a power cut.',
    )
    group_commit_ms: float = _setting(
        5.0,
        number(0, 20),
        "Storage",
        "How long values are collected before they are stored together and acknowledged.",
        "milliseconds",
    )
    soft_delete_days: int = _setting(
        30,
        integer(0, 36_500),
        "Storage",
        "How long deleted things, devices and properties can be restored before they are removed for good.",
        "days",
    )
    disk_reserve: int = _setting(
        100,
        integer(0, 1_000_000_000),
        "Storage",
        "How much of the disk has to stay free: below, values are refused and not acknowledged; 0 fills it.",
        "MB",
    )
    keep_values_days: int = _setting(
        0,
        integer(0, 36_500),
        "Storage",
        "How long the history of variables is kept where neither space nor variable say so; 0 keeps it for ever.",
        "days",
    )
    keep_events_days: int = _setting(
        0,
        integer(0, 36_500),
        "Storage",
        "How long events are kept where the space does not say so; 0 keeps them for ever.",
        "days",
    )
    keep_vitals_days: int = _setting(
        0,
        integer(0, 36_500),
        "Storage",
        "How long the vitals of boards are kept where the space does not say so; 0 keeps them for ever.",
        "days",
    )
    keep_journals_days: int = _setting(
        0,
        integer(0, 36_500),
        "Storage",
        "How long is kept who was online and who changed what, where the space does not say so; 0 is for ever.",
        "days",
    )
    mqtt_max_packet: int = _setting(
        262_144,
        integer(1_024, 268_435_455),
        "Limits",
        "The largest MQTT packet; a client that sends a larger one is disconnected.",
        "bytes",
    )
    mqtt_max_connections: int = _setting(
        20_000,
        integer(1, 1_000_000),
        "Limits",
        "MQTT connections at the same time; further ones are closed at once.",
    )
    mqtt_max_rate: int = _setting(
        0,
        integer(0, 10_000_000),
        "Limits",
        "Messages that one MQTT client may send on average; a faster one is read more slowly, never cut. 0: no limit.",
        "messages per second",
    )
    rest_max_body: int = _setting(
        1_048_576, integer(1_024, 1_073_741_824), "Limits", "The largest body of a request to the APIs.", "bytes"
    )
    rest_max_rate: int = _setting(
        0,
        integer(0, 1_000_000),
        "Limits",
        "Requests to the APIs that one API key or person may send on average; more are answered 429. 0: no limit.",
        "requests per second",
    )
    log_format: str = _setting("text", choice("text", "json"), "Log", "How log lines look.")
    log_level: str = _setting(
        "info",
        choice("debug", "info", "warning", "error"),
        "Log",
        "The least important lines that are written.",
    )
    console_reload: bool = _setting(
        False,
        SWITCH,
        "Development",
        "Whether the files of the console are read again when they have changed, and kept by no browser: for whoever "
        "works on them.",
    )

    origins: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Setting to where it comes from: `FILE`, `ENVIRONMENT` or `FLAG`; those with their defaults are not in it."""

    @classmethod
    def load(cls, environ: Mapping[str, str], flags: Mapping[str, object] | None = None) -> Self:
        """Read all sources.

        Args:
            environ: usually `os.environ`; names without the prefix are ignored.
            flags: setting name to value from the command line; a value of None was not given.

        Raises:
            SettingsError: something is unknown or wrong; the text names it.
        """
        given = {name: value for name, value in (flags or {}).items() if value is not None}
        from_flags = {name: _checked(name, value, _flag(name)) for name, value in given.items()}
        from_environ = {
            name: _checked(name, environ[variable], variable) for name, variable in _variables(environ).items()
        }
        folder = {**from_environ, **from_flags}.get("data_dir", Path(DEFAULT_FOLDER)).absolute()
        from_file = values_of(_read(folder / FILE_NAME), folder / FILE_NAME)
        origins = dict.fromkeys(from_file, FILE) | dict.fromkeys(from_environ, ENVIRONMENT)
        origins |= dict.fromkeys(from_flags, FLAG)
        return cls._made({**from_file, **from_environ, **from_flags, "data_dir": folder}, origins)

    def with_file(self, text: str) -> Self:
        """What these would be, had the file held this text at the start; environment and flags as they were.

        Raises:
            SettingsError: as `load`.
        """
        from_file = values_of(text, self.data_dir / FILE_NAME)
        above = {name: getattr(self, name) for name, origin in self.origins.items() if origin != FILE}
        origins = dict.fromkeys(from_file, FILE) | {name: self.origins[name] for name in above}
        return type(self)._made({**from_file, **above, "data_dir": self.data_dir}, origins)

    @classmethod
    def _made(cls, values: dict[str, Any], origins: Mapping[str, str]) -> Self:
        if (values.get("tls_cert") is None) != (values.get("tls_key") is None):
            one, other = ("tls_cert", "tls_key") if values.get("tls_cert") else ("tls_key", "tls_cert")
            raise SettingsError(f"{one} is set without {other}: set both, or neither.")
        settings = cls(**values, origins=dict(origins))
        settings._refuse_shared_ports()
        settings._refuse_half_a_mail_server()
        return settings

    def _refuse_shared_ports(self) -> None:
        taken: dict[int, str] = {}
        # Datagrams have ports of their own.
        for name in ("http_port", "https_port", "mqtt_port", "mqtts_port", "mqtts_cert_ports", "particle_tcp_port"):
            value = getattr(self, name)
            for port in value if isinstance(value, tuple) else (value,):
                if port and port in taken:
                    raise SettingsError(f"{taken[port]} and {name} are both {port}: give one of them another port.")
                if port:
                    taken[port] = name

    def _refuse_half_a_mail_server(self) -> None:
        if self.mail_server is None:
            return
        if not self.mail_from or not self.mail_from.isprintable() or parseaddr(self.mail_from)[1].count("@") != 1:
            raise SettingsError(f"mail_server is set without an address in mail_from: {_FROM}.")
        if (self.mail_user is None) != (self.mail_password_file is None):
            raise SettingsError("mail_user and mail_password_file go together: set both, or neither.")
        if self.mail_security == "none" and self.mail_user is not None and not _is_loopback(self.mail_server):
            raise SettingsError(
                'mail_security is "none", so the password of mail_user would go readable over the network: choose '
                '"starttls" or "tls", or leave mail_user out.'
            )


_FROM = 'give it the one that mail comes from, as "Rookery <rookery@example.org>"'


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


DESCRIBED: dict[str, Described] = {
    item.name: item.metadata["described"] for item in fields(Settings) if "described" in item.metadata
}
"""Every setting by name, in the order of the documentation."""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{path} cannot be read ({reason}): correct it, or move it away.") from error


def values_of(text: str, path: Path) -> dict[str, Any]:
    """The settings in the text of the file at `path`, by name.

    Raises:
        SettingsError: something in it is unknown or wrong.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from error
    values = {}
    for name, value in table.items():
        if name not in DESCRIBED:
            raise SettingsError(f"{name} in {path} is no setting{_hint(name, DESCRIBED)}.")
        if not DESCRIBED[name].in_file:
            raise SettingsError(
                f"{name} cannot be set in {path}, which lies in that folder: "
                f"use {_flag(name)} or {PREFIX}{name.upper()}."
            )
        checked = _checked(name, value, f"{name} in {path}")
        # A relative path in a file means relative to that file, wherever the server is started.
        values[name] = _anchored(checked, path.parent)
    return values


def _anchored(value: Any, folder: Path) -> Any:
    if isinstance(value, Path):
        return folder / value
    return tuple(_anchored(part, folder) for part in value) if isinstance(value, tuple) else value


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Setting name to environment variable, for those that are set. An empty variable counts as not set."""
    found = {}
    for variable in environ:
        if not variable.startswith(PREFIX) or variable in NO_SETTINGS or not environ[variable]:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in DESCRIBED:
            known = [f"{PREFIX}{each.upper()}" for each in DESCRIBED]
            raise SettingsError(f"The environment variable {variable} is no setting{_hint(variable, known)}.")
        found[name] = variable
    return found


def _checked(name: str, value: object, where: str) -> Any:
    if name not in DESCRIBED:
        raise SettingsError(f"{where} is no setting{_hint(name, DESCRIBED)}.")
    kind = DESCRIBED[name].kind
    try:
        return kind.read(value)
    except (ValueError, TypeError, OverflowError):
        shown = repr(value) if len(repr(value)) <= 80 else f"{repr(value)[:77]}..."
        raise SettingsError(f"{where} must be {kind.rule}, not {shown}.") from None


def _hint(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else "; docs/settings.md lists them all"


def _flag(name: str) -> str:
    # The one flag that is named otherwise (design: one flag, several listeners).
    return "--" + ("mqtts-cert-port" if name == "mqtts_cert_ports" else name.replace("_", "-"))


def _shown(value: object) -> str:
    """A default as it would stand in the settings file."""
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, tuple):
        return f"`[{', '.join(str(part) for part in value)}]`"
    return (
        f'`"{value}"`'
        if isinstance(value, (str, Path))
        else f"`{value:g}`"
        if isinstance(value, float)
        else f"`{value}`"
    )


def document() -> str:
    """The text of `docs/settings.md`."""
    lines = [
        "# Settings",
        "",
        "<!-- Written by `python -m rookery.settings`; a test compares. Change src/rookery/settings.py instead. -->",
        "",
        f"Every setting has a default. It can be changed in the file `{FILE_NAME}` in the data folder, by the",
        f"environment variable `{PREFIX}` + name in capitals, and, where the command has it, by a flag. A flag wins",
        'over the environment, the environment over the file. Lists are `["a", "b"]` in the file and `a,b` elsewhere.',
        "A relative path in the file is relative to the data folder. An unknown name or a wrong value stops the start",
        "with a sentence that says what is allowed.",
        "",
        "```toml",
        f"# {DEFAULT_FOLDER}/{FILE_NAME}",
        'hosts = ["cloud.example.org", "192.168.1.20"]',
        'mqtt_port = "off"',
        "```",
    ]
    group = ""
    defaults = {item.name: item.default for item in fields(Settings) if item.default is not MISSING}
    for name, described in DESCRIBED.items():
        if described.group != group:
            group = described.group
            lines += [
                "",
                f"## {group}",
                "",
                "| Setting | Default | Unit | Value | What it does |",
                "|---|---|---|---|---|",
            ]
        rule = described.kind.rule
        lines.append(f"| `{name}` | {_shown(defaults[name])} | {described.unit} | {rule} | {described.text} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
