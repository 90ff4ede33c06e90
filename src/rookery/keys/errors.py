"""Two families: `KeysError` tells the operator about a file here, `RequestInvalid` and `PublicKeyInvalid` tell a peer
about what it sent."""

from __future__ import annotations


class KeysError(Exception):
    """A key or certificate file of this server cannot be used. The text is one plain sentence with the way out."""


class AddressInvalid(KeysError):
    """An address of this server that boards cannot be given."""


class PublicKeyInvalid(ValueError):
    """The public key of a board, from a peer, cannot be used. The text is safe to send back."""


class RequestInvalid(ValueError):
    """A certificate request from a peer cannot be signed. The text is safe to send back."""


class RequestTooLong(RequestInvalid):
    """More text than any request of this kind has."""


class RequestUnreadable(RequestInvalid):
    """Not one PKCS#10 request in PEM form."""


class RequestSignatureInvalid(RequestInvalid):
    """The request is not signed by the key that it carries: the sender has not shown that it holds the key."""


class RequestKeyUnsupported(RequestInvalid):
    """The key is not an elliptic-curve key on P-256."""


class RequestNameMismatch(RequestInvalid):
    """The subject of the request names another device."""
