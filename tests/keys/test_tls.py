"""True handshakes: the suite of small boards, clients without a server name, device certificates, strict checks."""

from __future__ import annotations

import ssl

# The handshake checks dates with the machine's own clock, which no argument can replace.
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rookery.arduino.ca import SUBJECT
from rookery.keys import Authority, KeyStore, server_names, sign_request
from rookery.keys.authority import key_bytes
from tests.keys.conversation import shake_hands

NOW = time.time_ns() // 1000
DEVICE = "0f2c3a52-9c1e-4a7e-8a52-7c2f5a0d9b11"
NAMES = server_names(["cloud.example.org"], prefixes=("wss", "mqtts-up"))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> KeyStore:
    return KeyStore.open(tmp_path_factory.mktemp("keys"), NAMES, NOW, subject=SUBJECT)


def trusting(store: KeyStore) -> ssl.SSLContext:
    """A client that believes our authority, as strictly as Python 3.13 and newer do."""
    context = ssl.create_default_context(cafile=str(store.authority_file))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def board(authority: Authority, folder: Path, name: str = DEVICE) -> ssl.SSLContext:
    """A client that shows a device certificate signed by `authority`, and checks nothing."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    signed = sign_request(authority, request.public_bytes(serialization.Encoding.PEM).decode(), name, NOW)
    path = folder / "board.pem"
    path.write_bytes(key_bytes(key) + signed.pem.encode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(path)
    return context


@pytest.mark.parametrize("name", NAMES)
def test_a_strict_client_accepts_every_name_that_is_dialled(store: KeyStore, name: str) -> None:
    spoken = shake_hands(store.tls.context(), trusting(store), name)
    assert spoken.client.version() == "TLSv1.3"


def test_another_name_is_refused(store: KeyStore) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(store.tls.context(), trusting(store), "elsewhere.example.org")


@pytest.mark.parametrize("certificates", [False, True])
def test_the_single_suite_of_small_boards_works(store: KeyStore, certificates: bool) -> None:
    client = trusting(store)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    client.set_ecdh_curve("prime256v1")
    context = store.tls.certificate_context() if certificates else store.tls.context()
    spoken = shake_hands(context, client, "cloud.example.org")
    assert spoken.client.version() == "TLSv1.2"
    assert spoken.client.cipher() == ("ECDHE-ECDSA-AES128-GCM-SHA256", "TLSv1.2", 128)


def test_a_client_without_a_server_name_is_served(store: KeyStore) -> None:
    client = trusting(store)
    client.check_hostname = False
    spoken = shake_hands(store.tls.context(), client, None)
    assert spoken.client.getpeercert() is not None


def test_old_versions_are_refused(store: KeyStore) -> None:
    client = trusting(store)
    client.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
        client.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        client.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        shake_hands(store.tls.context(), client, "localhost")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("strict", [False, True])
def test_a_device_certificate_is_verified_and_names_its_device(
    store: KeyStore, tmp_path: Path, version: ssl.TLSVersion, strict: bool
) -> None:
    client = board(store.authority, tmp_path)
    client.minimum_version = client.maximum_version = version
    context = store.tls.certificate_context()
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    if strict:
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    shown = shake_hands(context, client, "localhost").server.getpeercert()
    assert shown is not None
    assert shown["subject"] == ((("commonName", DEVICE),),)


def test_a_client_without_certificate_gets_through_to_the_login(store: KeyStore) -> None:
    spoken = shake_hands(store.tls.certificate_context(), trusting(store), "localhost")
    assert not spoken.server.getpeercert()


def test_a_certificate_of_a_stranger_ends_the_handshake(store: KeyStore, tmp_path: Path) -> None:
    # The same name as ours, but another key: the name alone must open nothing.
    with pytest.raises(ssl.SSLError):
        shake_hands(store.tls.certificate_context(), board(Authority.create(SUBJECT, NOW), tmp_path), "localhost")


def test_a_certificate_of_an_added_authority_is_accepted_beside_ours(tmp_path: Path) -> None:
    other = Authority.create(SUBJECT, NOW)
    (tmp_path / "other.pem").write_text(other.pem)
    store = KeyStore.open(tmp_path / "keys", NAMES, NOW, subject=SUBJECT, client_authorities=[tmp_path / "other.pem"])
    for authority in (other, store.authority):
        spoken = shake_hands(store.tls.certificate_context(), board(authority, tmp_path), "localhost")
        assert spoken.server.getpeercert()


def test_a_context_without_request_never_asks_for_a_certificate(store: KeyStore, tmp_path: Path) -> None:
    spoken = shake_hands(store.tls.context(), board(store.authority, tmp_path), "localhost")
    assert spoken.server.getpeercert() is None


def test_a_renewed_certificate_is_shown_by_contexts_that_exist(tmp_path: Path) -> None:
    store = KeyStore.open(tmp_path, NAMES, NOW - 340 * 86_400_000_000, subject=SUBJECT)
    context = store.tls.context()
    before = shake_hands(context, trusting(store), "localhost").client.getpeercert(binary_form=True)
    assert store.refresh(NOW)
    after = shake_hands(context, trusting(store), "localhost").client.getpeercert(binary_form=True)
    assert before != after


def test_the_application_protocol_is_agreed(store: KeyStore) -> None:
    client = trusting(store)
    client.set_alpn_protocols(["h2", "http/1.1"])
    spoken = shake_hands(store.tls.context(["http/1.1"]), client, "localhost")
    assert spoken.client.selected_alpn_protocol() == "http/1.1"
