"""Reasons of gateways in words for people."""

from __future__ import annotations

import pytest

from rookery.console.words import entry_fields, plain
from rookery.core.journal import Entry

ENDINGS = {
    "silent for 91 s": "Nothing was heard of it for 91 seconds",
    "taken over by a new connection": "Replaced by a newer connection",
    "the client said goodbye": "The board said goodbye.",
    "the board said goodbye: it sleeps for 300 s": "The board said goodbye: it sleeps for 300 s.",
    "the secret key was changed": "Its credentials were changed",
    "the server stops": "This server was stopped.",
    "[Errno 104] Connection reset by peer": "The connection broke",
    "connection lost": "The connection broke",
    "the disk is full or nearly so": "Its data could not be stored",
    "a reason of tomorrow": "A reason of tomorrow.",
    "": "",
}
REFUSALS = {
    "CONNACK 5: wrong user name or password": "The id or the secret key is wrong.",
    "CONNACK 5: unknown login": "Neither a device id",
    "TLSV1_ALERT_UNKNOWN_CA": "The board does not trust this server's certificate.",
    "[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:1006)": "The board does not trust",
    "SSLV3_ALERT_BAD_CERTIFICATE": "The board does not trust",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "The board takes this server's certificate for expired.",
    "CERTIFICATE_VERIFY_FAILED": "The board presented a certificate",
    "WRONG_VERSION_NUMBER": "The board and this server have no version",
    "HTTP_REQUEST": "Something asked for a web page",
    "no CONNECT within 10 s": "It connected and said nothing for 10 seconds.",
    "no key for this device": "This server knows no key of this board.",
    "it has proven another key than the one that is registered": "The board has another key",
    "the claim is not made with this server's key and this connection's nonce": "The board does not have this server",
    "the peer sent alert 42": "The board does not have this server",
    "the peer did not continue the handshake in time": "The handshake was begun and not finished.",
    "no common cipher suite": "It does not speak the encryption",
    "connection lost": "It broke the connection off before it had logged in.",
    "silent for 91 s": "Nothing was heard of it for 91 seconds",
    "too many connections": "There are too many connections.",
}


@pytest.mark.parametrize(("reason", "words"), ENDINGS.items(), ids=ENDINGS)
def test_ends(reason: str, words: str) -> None:
    assert plain(reason).startswith(words)
    assert bool(plain(reason)) == bool(reason)


@pytest.mark.parametrize(("reason", "words"), REFUSALS.items(), ids=REFUSALS)
def test_refusals(reason: str, words: str) -> None:
    assert plain(reason, refused=True).startswith(words)


def test_an_entry_says_what_was_left_out() -> None:
    entry = Entry(1_500_000, "refused", "tls", "192.0.2.1:5", "CONNACK 5: unknown login", 3)
    shown = entry_fields(entry)
    assert (shown["time"], shown["left"]) == (1_500, 3)
    assert "left" not in entry_fields(entry._replace(left=0))
