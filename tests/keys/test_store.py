"""The key folder over its life: first start, restart, renewal, damage, certificates of the operator's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from rookery.arduino.ca import SUBJECT
from rookery.keys import Authority, CertificateFiles, KeysError, KeyStore, server_names
from rookery.keys.authority import key_bytes
from rookery.keys.names import names_of
from rookery.keys.tls import pem_of

DAY = 86_400_000_000
NOW = 1_780_000_000_000_000
NAMES = server_names(["cloud.example.org"], prefixes=("wss",))


def open_store(folder: Path, now: int = NOW, names: tuple[str, ...] = NAMES, **more: Any) -> KeyStore:
    return KeyStore.open(folder, names, now, subject=SUBJECT, **more)


def test_the_first_start_makes_everything_for_the_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "keys"
    before = os.umask(0)
    try:
        open_store(folder)
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == dict.fromkeys(["pepper", "ca.pem", "ca.key", "server.pem", "token.key"], 0o600)


def test_a_restart_changes_nothing(tmp_path: Path) -> None:
    open_store(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    open_store(tmp_path, NOW + DAY)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_files_that_others_could_read_are_closed(tmp_path: Path) -> None:
    open_store(tmp_path)
    tmp_path.chmod(0o755)
    (tmp_path / "ca.key").chmod(0o644)
    open_store(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "ca.key").stat().st_mode & 0o777 == 0o600


def test_the_server_certificate_carries_the_names_and_stays_below_what_phones_allow(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    assert names_of(store.certificate) == set(NAMES)
    assert (store.certificate.not_valid_after_utc - store.certificate.not_valid_before_utc).days <= 397
    assert store.authority.signed(store.certificate)
    assert store.warnings(NOW, ["cloud.example.org", "wss.cloud.example.org"]) == []


@pytest.mark.parametrize(
    ("now", "names", "renewed"),
    [
        pytest.param(NOW + 300 * DAY, NAMES, False, id="still long valid"),
        pytest.param(NOW + 336 * DAY, NAMES, True, id="nears its end"),
        pytest.param(NOW + 4000 * DAY, NAMES, True, id="long over"),
        pytest.param(NOW - 2 * DAY, NAMES, True, id="the clock went back"),
        pytest.param(NOW, (*NAMES, "new.example"), True, id="a name more"),
        pytest.param(NOW, NAMES[1:], True, id="a name less"),
        pytest.param(NOW, tuple(reversed(NAMES)), False, id="another order"),
    ],
)
def test_it_is_renewed_when_due_and_only_then(tmp_path: Path, now: int, names: tuple[str, ...], renewed: bool) -> None:
    first = open_store(tmp_path)
    second = open_store(tmp_path, now, names)
    assert (second.certificate != first.certificate) is renewed
    assert second.authority.pem == first.authority.pem
    assert second.certificate.public_key() == first.certificate.public_key()
    assert names_of(second.certificate) == set(names)


@pytest.mark.parametrize("content", [b"", b"junk"])
def test_a_broken_server_certificate_is_made_again(tmp_path: Path, content: bytes) -> None:
    open_store(tmp_path)
    (tmp_path / "server.pem").write_bytes(content)
    assert open_store(tmp_path).warnings(NOW) == []


def test_a_server_certificate_of_another_authority_is_made_again(tmp_path: Path) -> None:
    open_store(tmp_path / "one")
    store = open_store(tmp_path / "two")
    (tmp_path / "two" / "server.pem").write_bytes((tmp_path / "one" / "server.pem").read_bytes())
    assert store.authority.signed(open_store(tmp_path / "two").certificate)


def test_refresh_renews_while_the_server_runs(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    old = store.certificate
    assert not store.refresh(NOW + DAY)
    assert store.refresh(NOW + 340 * DAY)
    assert store.certificate != old
    assert store.warnings(NOW + 340 * DAY) == []


def test_tokens_signed_with_the_key_are_checked_with_the_published_set(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    token = jwt.encode({"sub": "me"}, store.token_key, algorithm="ES256", headers={"kid": store.token_key_id})
    published = jwt.PyJWKSet.from_dict(store.token_key_set())
    assert jwt.decode(token, published[store.token_key_id], algorithms=["ES256"]) == {"sub": "me"}
    assert open_store(tmp_path).token_key_id == store.token_key_id


def test_the_pepper_is_made_once(tmp_path: Path) -> None:
    pepper = open_store(tmp_path).pepper
    assert len(pepper) == 32
    assert open_store(tmp_path).pepper == pepper


def test_a_first_start_that_was_cut_is_finished_by_the_next(tmp_path: Path) -> None:
    pepper = open_store(tmp_path).pepper
    for path in tmp_path.iterdir():
        if path.name != "pepper":
            path.unlink()
    assert open_store(tmp_path).pepper == pepper


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "is missing"), (b"short", "5 bytes instead of 32"), (bytes(33), "33 bytes instead of 32")],
)
def test_a_lost_pepper_is_never_replaced(tmp_path: Path, content: bytes | None, says: str) -> None:
    open_store(tmp_path)
    (tmp_path / "pepper").unlink()
    if content is not None:
        (tmp_path / "pepper").write_bytes(content)
    with pytest.raises(KeysError, match=says):
        open_store(tmp_path)


def test_a_folder_that_is_a_file_gets_a_plain_sentence(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    with pytest.raises(KeysError, match="cannot be made private"):
        open_store(tmp_path / "keys")


def own_files(folder: Path, names: tuple[str, ...], curve: ec.EllipticCurve | None = None) -> CertificateFiles:
    """A certificate of somebody else's authority, as an operator brings one."""
    folder.mkdir(exist_ok=True)
    key = ec.generate_private_key(curve or ec.SECP256R1())
    certificate = Authority.create([("CN", "Elsewhere")], NOW).issue_server(key.public_key(), names, NOW)
    files = CertificateFiles(folder / "own.pem", folder / "own.key")
    files.certificate.write_text(pem_of([certificate]))
    files.key.write_bytes(key_bytes(key))
    return files


def test_an_own_certificate_is_shown_and_taken_over_when_its_files_change(tmp_path: Path) -> None:
    files = own_files(tmp_path / "own", ("*.example.org",))
    store = open_store(tmp_path / "keys", own_certificate=files)
    assert names_of(store.certificate) == {"*.example.org"}
    assert not (tmp_path / "keys" / "server.pem").exists()
    assert not store.refresh(NOW)
    own_files(tmp_path / "own", ("new.example.org",))
    assert store.refresh(NOW)
    assert names_of(store.certificate) == {"new.example.org"}


def test_what_an_own_certificate_lacks_is_said(tmp_path: Path) -> None:
    files = own_files(tmp_path / "own", ("*.example.org",), ec.SECP384R1())
    store = open_store(tmp_path / "keys", own_certificate=files)
    said = store.warnings(NOW + 400 * DAY, ["cloud.example.org", "wss.cloud.example.org"])
    assert len(said) == 3
    assert "P-256" in said[0]
    assert "wss.cloud.example.org" in said[1]
    assert " cloud.example.org" not in said[1]
    assert "not valid now" in said[2]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        pytest.param(("own.pem", None), r"own\.pem cannot be read", id="no certificate"),
        pytest.param(("own.key", None), r"cannot be read", id="no key"),
        pytest.param(("own.pem", b"junk"), r"holds no certificate", id="broken certificate"),
        pytest.param(("own.key", b"junk"), r"cannot be used for TLS", id="broken key"),
        pytest.param(
            ("own.key", key_bytes(ec.generate_private_key(ec.SECP256R1()))), "belong together", id="foreign key"
        ),
    ],
)
def test_own_files_that_cannot_be_used_are_named(tmp_path: Path, damage: tuple[str, bytes | None], says: str) -> None:
    files = own_files(tmp_path / "own", ("localhost",))
    name, content = damage
    if content is None:
        (tmp_path / "own" / name).unlink()
    else:
        (tmp_path / "own" / name).write_bytes(content)
    with pytest.raises(KeysError, match=says):
        open_store(tmp_path / "keys", own_certificate=files)


def test_a_refresh_with_a_broken_file_keeps_the_old_certificate(tmp_path: Path) -> None:
    files = own_files(tmp_path / "own", ("localhost",))
    store = open_store(tmp_path / "keys", own_certificate=files)
    old = store.certificate
    new = own_files(tmp_path / "new", ("new.example.org",))
    files.certificate.write_bytes(new.certificate.read_bytes())
    with pytest.raises(KeysError):
        store.refresh(NOW)
    assert store.certificate == old
    assert isinstance(old, x509.Certificate)


def test_an_authority_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeysError, match=r"clients\.pem cannot be read"):
        open_store(tmp_path / "keys", client_authorities=[tmp_path / "clients.pem"])


def test_another_certificate_is_shown_while_the_server_runs(tmp_path: Path) -> None:
    store = open_store(tmp_path / "keys")
    context = store.tls.context()
    names = server_names(["new.example.org"])
    store.use(names, None, NOW)
    assert names_of(store.certificate) == set(names)
    assert not store.refresh(NOW)
    files = own_files(tmp_path / "own", ("own.example.org",))
    store.use(names, files, NOW)
    assert names_of(store.certificate) == {"own.example.org"}
    assert context in store.tls.contexts
    own_files(tmp_path / "own", ("later.example.org",))
    assert store.refresh(NOW)
    store.use(NAMES, None, NOW)
    assert names_of(store.certificate) == set(NAMES)
    assert store.tls.certificate_file == tmp_path / "keys" / "server.pem"


def test_another_certificate_that_cannot_be_used_changes_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path / "keys")
    files = own_files(tmp_path / "own", ("own.example.org",))
    files.key.write_bytes(key_bytes(ec.generate_private_key(ec.SECP256R1())))
    before = (store.names, store.own_certificate, store.certificate, store.tls.certificate_file, store.tls.key_file)
    for wrong in (files, CertificateFiles(tmp_path / "none", tmp_path / "none")):
        with pytest.raises(KeysError):
            store.use((), wrong, NOW)
    after = (store.names, store.own_certificate, store.certificate, store.tls.certificate_file, store.tls.key_file)
    assert after == before
