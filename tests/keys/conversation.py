"""A TLS conversation without sockets: two contexts talk through memory until both have shaken hands."""

from __future__ import annotations

import ssl
from typing import NamedTuple


class Spoken(NamedTuple):
    """How a handshake ended."""

    server: ssl.SSLObject
    client: ssl.SSLObject


def shake_hands(server_context: ssl.SSLContext, client_context: ssl.SSLContext, name: str | None) -> Spoken:
    """Let a client greet a server.

    Raises:
        ssl.SSLError: either side refuses.
    """
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    # A TLS 1.3 server judges the client's certificate after the client has finished: one more round shows its answer.
    for _round in range(6):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    server.write(b"hello")
    assert client.read(16) == b"hello"
    return Spoken(server, client)
