"""What Arduino boards ask of the authority behind a server, and which files give them a private one.

Boards with a secure element rebuild their certificate with a fixed issuer name, so the authority must bear that name
(`SUBJECT`); its key may differ. What a board checks the server with is compiled into its library or its radio
firmware, so each family needs the authority in another place: `BOARDS` says where, `for_board` writes the files.

Source: `arduino-libraries/ArduinoIoTCloud` 2.9.3, `src/AIoTC_Config.h`, `src/tls/`.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509

from rookery.keys.export import c_pem_string, c_trust_anchors
from rookery.keys.tls import pem_of

SUBJECT = (("C", "US"), ("O", "Arduino LLC US"), ("OU", "IT"), ("CN", "Arduino"))
"""The issuer that `ECCX08Cert` and its successors write, as PrintableStrings, in this order."""

HOST_PREFIXES = ("wss", "mqtts-up", "mqtts-sa")
"""Labels that clients put before the host they are given: JS user mode, JS device mode, C++ before 2.3."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Where one family of boards keeps the authorities that it believes."""

    file: str | None
    """Path inside the ArduinoIoTCloud library that is replaced; `ca.pem` where a plain PEM file is wanted; None where
    the board does not look."""
    steps: tuple[str, ...]
    """What the user does, a sentence each."""
    second_file: str | None = None
    """For boards that need another one for another way in."""


_BEARSSL = Trust(
    "src/tls/BearSSLTrustAnchors.h",
    (
        "Replace src/tls/BearSSLTrustAnchors.h of the ArduinoIoTCloud library by the file below.",
        "Call ArduinoCloud.begin(connection, true, HOST, PORT) with a host name that the certificate carries: "
        "the library checks it.",
        "Compile and upload the sketch again.",
    ),
)
_PEM = Trust(
    "src/tls/AIoTCUPCert.h",
    (
        "Replace src/tls/AIoTCUPCert.h of the ArduinoIoTCloud library by the file below.",
        "Call ArduinoCloud.begin(connection, true, HOST, PORT) with a host name that the certificate carries.",
        "Compile and upload the sketch again. Until version 2.2 the library wants another format for the ESP32 there: "
        "update it first.",
    ),
)
_NINA = Trust(
    "ca.pem",
    (
        "This board checks servers in the firmware of its radio module, not in the sketch.",
        "Save the certificate below as ca.pem and upload it to the module with the firmware updater of the Arduino "
        "IDE (Tools, Firmware Updater, SSL root certificates) or with arduino-fwuploader.",
        "A log-in with the board's certificate believes only the anchors that are built into that firmware: for it, "
        "build the firmware again with the second file below in the place of its BearSSLTrustAnchors.h.",
        "Call ArduinoCloud.begin(connection, true, HOST, PORT) in the sketch.",
    ),
    second_file="src/tls/BearSSLTrustAnchors.h",
)
_UNO_R4 = Trust(
    "ca.pem",
    (
        "With a secret key this board checks servers with the list in the firmware of its USB bridge: add the "
        "certificate below to that list (certificates/ of the firmware's sources) and flash the firmware again.",
        "With a certificate it uses the sketch's own list: replace src/tls/AIoTCSSCert.h of the ArduinoIoTCloud "
        "library by the second file below, compile and upload again.",
        "Call ArduinoCloud.begin(connection, true, HOST, PORT) in the sketch.",
    ),
    second_file="src/tls/AIoTCSSCert.h",
)
_NOTHING = Trust(
    None,
    (
        "This board does not check the server's certificate: nothing needs to be changed for TLS.",
        "Call ArduinoCloud.begin(connection, true, HOST, PORT) in the sketch.",
    ),
)
_FILE = Trust(
    "ca.pem",
    (
        "Save the certificate below as ca.pem beside the program.",
        "Python and MicroPython: ArduinoCloudClient(..., ssl_params={'cafile': 'ca.pem', 'verify_mode': "
        "ssl.CERT_REQUIRED, 'server_hostname': HOST}); without ssl_params it does not check at all.",
        "Node.js: start the program with the environment variable NODE_EXTRA_CA_CERTS=ca.pem.",
    ),
)

BOARDS: dict[str, Trust] = {
    "mkr1000": _BEARSSL,
    "mkrgsm1400": _BEARSSL,
    "mkrnb1500": _BEARSSL,
    "nanorp2040connect": _BEARSSL,
    "envie_m7": _BEARSSL,
    "nicla_vision": _BEARSSL,
    "opta": _BEARSSL,
    "giga": _BEARSSL,
    "portenta_c33": _BEARSSL,
    "esp32": _PEM,
    "nano_nora": _PEM,
    "rpipicow": _PEM,
    "edge_control": _PEM,
    "mkrwifi1010": _NINA,
    "nano_33_iot": _NINA,
    "unor4wifi": _UNO_R4,
    "esp8266": _NOTHING,
    "python": _FILE,
    "micropython": _FILE,
    "nodejs": _FILE,
}
"""By the last part of the board's FQBN, and a few plain names."""

ALIASES = {
    "portenta_h7": "envie_m7",
    "h7": "envie_m7",
    "nano_esp32": "nano_nora",
    "pico_w": "rpipicow",
    "uno_r4_wifi": "unor4wifi",
    "js": "nodejs",
    "node": "nodejs",
}


@dataclass(frozen=True, slots=True)
class BoardFiles:
    """What `for_board` answers."""

    board: str
    steps: tuple[str, ...]
    files: dict[str, str]
    """Path to content; empty for a board that does not check."""


def for_board(board: str, authority: x509.Certificate) -> BoardFiles:
    """The files and steps that make `board` (a name of `BOARDS` or `ALIASES`, or an FQBN) believe `authority`.

    Raises:
        KeyError: no such board is known; the argument is the name that was looked for.
    """
    # Arduino IDE adds options as a fourth part of an FQBN; the third is the board.
    parts = board.strip().lower().split(":")
    name = (parts[2] if len(parts) > 2 else parts[-1]).replace("-", "_")
    if parts[:2] == ["esp8266", "esp8266"] or parts[:2] == ["esp32", "esp32"]:
        name = parts[0]
    name = ALIASES.get(name, name)
    trust = BOARDS[name]
    files = [path for path in (trust.file, trust.second_file) if path]
    return BoardFiles(name, trust.steps, {path: file_content(path, authority) for path in files})


def file_content(path: str, authority: x509.Certificate) -> str:
    """The content of one file of the ArduinoIoTCloud library (or a plain `.pem`) that makes boards believe `authority`.

    Raises:
        KeyError: no such file is known.
        ValueError: the authority has no EC P-256 key.
    """
    comment = (
        "The authority of a Rookery server, in the place of the vendor's own. "
        f"Made by `rookery ca`; fits {path} of the ArduinoIoTCloud library 2.9."
    )
    writers = {
        "src/tls/BearSSLTrustAnchors.h": lambda: c_trust_anchors(
            [authority],
            "ArduinoIoTCloudTrustAnchor",
            comment,
            "_BEAR_SSL_TRUST_ANCHOR_H_",
            "bearssl/bearssl_ssl.h",
        ),
        "src/tls/AIoTCUPCert.h": lambda: c_pem_string([authority], "AIoTUPCert", comment, "_AIOTC_UP_CERT_H_"),
        "src/tls/AIoTCSSCert.h": lambda: c_pem_string([authority], "AIoTSSCert", comment, "_AIOTC_SS_CERT_H_"),
        "ca.pem": lambda: pem_of([authority]),
    }
    return writers[path]()
