"""The authority: made once, found again, and named exactly as boards demand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from rookery.arduino.ca import SUBJECT
from rookery.keys import Authority, KeysError
from rookery.keys.authority import moment, new_serial

NOW = 1_780_000_000_000_000

BOARD_ISSUER = bytes.fromhex(
    "3045310b3009060355040613025553311730150603550"
    "40a130e41726475696e6f204c4c43205553310b3009060355040b130249543110300e0603550403130741726475696e6f"
)
"""The issuer name as `src/tls/BearSSLTrustAnchors.h` of the boards' library spells it."""


def test_the_subject_is_the_very_bytes_that_boards_rebuild() -> None:
    authority = Authority.create(SUBJECT, NOW)
    assert authority.certificate.subject.public_bytes() == BOARD_ISSUER
    assert authority.certificate.issuer.public_bytes() == BOARD_ISSUER


def test_it_may_sign_certificates_and_outlives_those_of_devices() -> None:
    certificate = Authority.create(SUBJECT, NOW).certificate
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert constraints.critical
    assert constraints.value.ca
    assert usage.critical
    assert usage.value.key_cert_sign
    assert not usage.value.digital_signature
    assert certificate.not_valid_before_utc <= datetime(2020, 1, 1, tzinfo=UTC)
    assert certificate.not_valid_after_utc > moment(NOW) + timedelta(days=32 * 365)


def test_a_first_start_with_an_unset_clock_makes_a_lasting_authority() -> None:
    certificate = Authority.create(SUBJECT, 0).certificate
    assert certificate.not_valid_after_utc.year >= 2055


def test_it_is_made_once_and_found_again(tmp_path: Path) -> None:
    first = Authority.open(tmp_path, SUBJECT, NOW)
    second = Authority.open(tmp_path, SUBJECT, NOW + 10**15)
    assert first.pem == second.pem
    assert len(first.key_identifier) == 20
    assert first.fingerprint.count(":") == 31


def test_a_start_that_was_cut_after_the_key_is_finished_by_the_next(tmp_path: Path) -> None:
    key = (Authority.open(tmp_path, SUBJECT, NOW)).key
    (tmp_path / "ca.pem").unlink()
    assert Authority.open(tmp_path, SUBJECT, NOW).key.private_numbers() == key.private_numbers()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        pytest.param({"ca.key": None}, r"ca\.key is not: restore the key", id="key lost"),
        pytest.param({"ca.key": b"junk"}, r"ca\.key is not a private key", id="key broken"),
        pytest.param({"ca.pem": b"junk"}, r"ca\.pem is not a certificate", id="certificate broken"),
    ],
)
def test_damage_is_named_and_never_repaired_by_a_new_authority(
    tmp_path: Path, damage: dict[str, bytes | None], says: str
) -> None:
    Authority.open(tmp_path, SUBJECT, NOW)
    for name, content in damage.items():
        if content is None:
            (tmp_path / name).unlink()
        else:
            (tmp_path / name).write_bytes(content)
    with pytest.raises(KeysError, match=says):
        Authority.open(tmp_path, SUBJECT, NOW)


def test_a_key_and_a_certificate_of_different_folders_are_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        Authority.open(tmp_path / name, SUBJECT, NOW)
    (tmp_path / "one" / "ca.key").write_bytes((tmp_path / "two" / "ca.key").read_bytes())
    with pytest.raises(KeysError, match="not the key of"):
        Authority.open(tmp_path / "one", SUBJECT, NOW)


def test_an_authority_of_another_name_is_refused(tmp_path: Path) -> None:
    Authority.open(tmp_path, [("CN", "somebody")], NOW)
    with pytest.raises(KeysError, match="CN=somebody"):
        Authority.open(tmp_path, SUBJECT, NOW)


@pytest.mark.parametrize("raw", [bytes(16), b"\xff" * 16, b"\x80" + bytes(15), b"\x00\xff" * 8])
def test_a_serial_always_takes_sixteen_bytes(raw: bytes) -> None:
    serial = new_serial(lambda size: raw[:size])
    assert serial > 0
    assert serial.bit_length() == 127
