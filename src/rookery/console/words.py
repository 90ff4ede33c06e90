"""What gateways say of connections, in words for people: why one ended, why somebody was not let in, what to do.

Gateways word their reasons for the log. What stands here is longer, names the likely cause and the way out, and can be
bettered without touching what is stored.
"""

from __future__ import annotations

import re
from typing import Any, Final

from rookery.core.clock import MILLISECOND
from rookery.core.journal import Entry

_REPLACED: Final = "Replaced by a newer connection of the same board."
_CREDENTIALS: Final = "Its credentials were changed or withdrawn here."
_STOPPED: Final = "This server was stopped. The board comes back by itself."
_BROKE: Final = "The connection broke without a word: the network, the power, or a reset."

_ENDINGS: tuple[tuple[str, str], ...] = (
    (
        r"silent for (\d+) s",
        r"Nothing was heard of it for \1 seconds: out of reach, without power, or hung up. (Keepalive missed.)",
    ),
    (r"taken over by .*|the board has come back in another session", _REPLACED),
    (r"the client said goodbye", "The board said goodbye."),
    (r"the board said goodbye: (.+)", r"The board said goodbye: \1."),
    (r"the board said goodbye", "The board said goodbye."),
    (r"the board gave the session up", "The board gave the session up and will begin a new one."),
    (r"the server stops", _STOPPED),
    (r"does not read its answers|it does not read.*", "It did not read what it was sent, so the connection was ended."),
    (r"the secret key was changed|the certificate was .*|its key was changed|the device was deleted", _CREDENTIALS),
    (r"another board has its address", "Another board was heard from its address."),
    (r"connection lost|the stream ended|Connection reset.*|.*reset by peer.*|Broken pipe|\[Errno .*", _BROKE),
    (r"the disk is full.*", "Its data could not be stored: the disk of this server is full."),
    (r"an error of ours", "A fault of this server ended the connection; its log has the details."),
    (r"too many connections", "There are too many connections. It tries again."),
)

_WRONG_LOGIN: Final = (
    "The id or the secret key is wrong. Compare both with what was shown when the board was created; a new secret key "
    "can be made on its page."
)
_REFUSALS: tuple[tuple[str, str], ...] = (
    (r".*wrong user name or password", _WRONG_LOGIN),
    (
        r".*a board's client id is its device id",
        "The MQTT client id is not the device id. The library sets both from DEVICE_ID: look there.",
    ),
    (
        r".*the client id is not the common name of the certificate",
        "The device id in the sketch is not the one that the certificate was signed for.",
    ),
    (
        r".*the certificate is not one of an enabled device",
        "The board's certificate is not known here, or was turned off. Sign a new one on the board's page.",
    ),
    (r".*unknown login", "Neither a device id with its secret key nor a certificate of this server was presented."),
    (
        r".*TLSV1_ALERT_UNKNOWN_CA.*|.*ALERT_BAD_CERTIFICATE.*|.*CERTIFICATE_UNKNOWN.*|.*ALERT_UNKNOWN_CA.*",
        "The board does not trust this server's certificate. Give it the certificate of this server's authority (CA), "
        "and dial a name that is in the certificate.",
    ),
    (
        r".*ALERT_CERTIFICATE_EXPIRED.*",
        "The board takes this server's certificate for expired. Its clock may be wrong: boards without the time of day "
        "think it is 1970.",
    ),
    (
        r".*CERTIFICATE_VERIFY_FAILED.*|.*PEER_DID_NOT_RETURN_A_CERTIFICATE.*|.*NO_CERTIFICATE.*",
        "The board presented a certificate that this server's authority has not signed.",
    ),
    (
        r".*(NO_SHARED_CIPHER|UNSUPPORTED_PROTOCOL|WRONG_VERSION_NUMBER|VERSION_TOO_LOW|NO_SUITABLE).*",
        "The board and this server have no version or cipher of TLS in common, or the board does not speak TLS at all "
        "on a port that wants it.",
    ),
    (
        r".*HTTP_REQUEST.*",
        "Something asked for a web page at a port of boards. Is the port of the browser meant?",
    ),
    (
        r"no CONNECT within (\d+) s",
        r"It connected and said nothing for \1 seconds. Does the sketch use TLS on a port without it, or the other way "
        r"round?",
    ),
    (
        r"no key for this device|nobody has registered it|no key is registered for it",
        "This server knows no key of this board. Add the board here with its public key, or let boards register "
        "themselves at the first contact (particle_trust).",
    ),
    (
        r"it has proven another key than the one that is registered|another name than the handshake has shown",
        "The board has another key than the one that is registered: after `particle keys new`, or another board claims "
        "its id. Register its present key.",
    ),
    (
        r"it does not begin with a Hello|its Hello names another board, or none",
        "What it said after the handshake is not what a board says first.",
    ),
    (
        r"the id belongs to a board of another kind",
        "A board of another kind is registered under this id.",
    ),
    (
        r"a step of the handshake took too long|it did not say who it is in time|the handshake was not finished|"
        r"the peer did not continue the handshake in time",
        "The handshake was begun and not finished. On a bad line that happens; every time means that the board does "
        "not have this server's key: write it with `particle keys server`.",
    ),
    (
        r".*(timed? ?out|timeout|TimeoutError).*",
        "The handshake was begun and not finished in time: a bad line, or a board that waits for something else.",
    ),
    (
        r"the claim is not made with this server's key.*|the peer sent alert (42|43|46|48|51)|another server",
        "The board does not have this server's public key. Write it to the board with `particle keys server`.",
    ),
    (
        r"the padding of a frame is wrong|.* is not the length of a frame|the board's public key .*|"
        r"nothing can be encrypted to the board's public key|a signature .*|.*decrypt error.*",
        "The board's private key is not the one whose public key is registered here. Register its present key.",
    ),
    (
        r"no common .*|.*not offered|not DTLS 1\.2|not a raw public key on P-256|the peer has no key",
        "It does not speak the encryption that boards of this port speak. Is it a board for another port?",
    ),
    (
        r"a key that is not known here",
        "This server knows no board with this key. Add the board here, or let boards register themselves.",
    ),
    (r"connection lost|the stream ended|.*reset.*|.*EOF.*|.*closed.*|Broken pipe", ""),
)

_COMPILED = {
    False: [(re.compile(pattern, re.IGNORECASE | re.DOTALL), words) for pattern, words in _ENDINGS],
    True: [(re.compile(pattern, re.IGNORECASE | re.DOTALL), words) for pattern, words in (*_REFUSALS, *_ENDINGS)],
}
_GAVE_UP: Final = (
    "It broke the connection off before it had logged in. Boards do this when they do not trust this server: an "
    "Arduino board needs the certificate of its authority (CA), a Particle board the server's public key. It also "
    "happens when a board restarts."
)


def plain(reason: str, *, refused: bool = False) -> str:
    """A reason of a gateway as a sentence for people. `refused`: the board was never let in."""
    for pattern, words in _COMPILED[refused]:
        found = pattern.fullmatch(reason)
        if found is not None:
            return found.expand(words) if words else _GAVE_UP
    return reason[:1].upper() + reason[1:] + ("" if reason.endswith((".", "…")) or not reason else ".")


def entry_fields(entry: Entry) -> dict[str, Any]:
    """An entry of a journal as the console shows it."""
    told: dict[str, Any] = {
        "time": entry.time // MILLISECOND,
        "kind": entry.kind,
        "transport": entry.transport,
        "address": entry.address,
        "reason": plain(entry.reason, refused=entry.kind == "refused"),
    }
    if entry.left:
        told["left"] = entry.left
    return told
