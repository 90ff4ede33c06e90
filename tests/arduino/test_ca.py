"""Which board needs the authority where."""

from __future__ import annotations

import pytest

from rookery.arduino.ca import ALIASES, BOARDS, HOST_PREFIXES, SUBJECT, file_content, for_board
from rookery.keys import Authority

AUTHORITY = Authority.create(SUBJECT, 1_780_000_000_000_000).certificate

WANTED = [
    ("arduino:samd:mkrgsm1400", "mkrgsm1400", ["src/tls/BearSSLTrustAnchors.h"]),
    ("arduino:mbed_nano:nanorp2040connect", "nanorp2040connect", ["src/tls/BearSSLTrustAnchors.h"]),
    ("opta", "opta", ["src/tls/BearSSLTrustAnchors.h"]),
    ("Portenta_H7", "envie_m7", ["src/tls/BearSSLTrustAnchors.h"]),
    ("arduino:renesas_portenta:portenta_c33", "portenta_c33", ["src/tls/BearSSLTrustAnchors.h"]),
    ("arduino:esp32:nano_nora", "nano_nora", ["src/tls/AIoTCUPCert.h"]),
    ("esp32:esp32:esp32s3", "esp32", ["src/tls/AIoTCUPCert.h"]),
    ("rp2040:rp2040:rpipicow", "rpipicow", ["src/tls/AIoTCUPCert.h"]),
    ("pico-w", "rpipicow", ["src/tls/AIoTCUPCert.h"]),
    ("arduino:renesas_uno:unor4wifi", "unor4wifi", ["ca.pem", "src/tls/AIoTCSSCert.h"]),
    ("arduino:samd:nano_33_iot", "nano_33_iot", ["ca.pem", "src/tls/BearSSLTrustAnchors.h"]),
    ("esp8266:esp8266:nodemcuv2:baud=115200", "esp8266", []),
    ("python", "python", ["ca.pem"]),
    ("node", "nodejs", ["ca.pem"]),
]


@pytest.mark.parametrize(("asked", "board", "files"), WANTED)
def test_each_board_gets_its_files(asked: str, board: str, files: list[str]) -> None:
    answer = for_board(asked, AUTHORITY)
    assert answer.board == board
    assert list(answer.files) == files
    assert answer.steps
    assert all(step.endswith(".") for step in answer.steps)


@pytest.mark.parametrize("board", BOARDS)
def test_every_known_board_can_be_written(board: str) -> None:
    answer = for_board(board, AUTHORITY)
    assert all(content.endswith("\n") for content in answer.files.values())


def test_aliases_lead_to_boards() -> None:
    assert set(ALIASES.values()) <= set(BOARDS)
    assert not set(ALIASES) & set(BOARDS)


def test_an_unknown_board_is_named() -> None:
    with pytest.raises(KeyError, match="toaster"):
        for_board("toaster", AUTHORITY)


def test_the_names_inside_are_those_that_the_library_uses() -> None:
    assert "br_x509_trust_anchor ArduinoIoTCloudTrustAnchor[1]" in file_content(
        "src/tls/BearSSLTrustAnchors.h", AUTHORITY
    )
    assert "static const char AIoTUPCert[] =" in file_content("src/tls/AIoTCUPCert.h", AUTHORITY)
    assert "static const char AIoTSSCert[] =" in file_content("src/tls/AIoTCSSCert.h", AUTHORITY)


def test_clients_put_these_before_a_host() -> None:
    assert HOST_PREFIXES == ("wss", "mqtts-up", "mqtts-sa")
