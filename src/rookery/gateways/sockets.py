"""How sockets begin to listen and how they end, for every gateway alike."""

from __future__ import annotations

import asyncio
import socket
import struct

_LINGER = struct.pack("ii", 1, 0)
"""SO_LINGER: on, 0 s. What is unsent is dropped and the peer gets a reset."""


async def bound_sockets(
    host: str, port: int, kind: socket.SocketKind = socket.SOCK_STREAM
) -> tuple[list[socket.socket], int]:
    """A bound, non-blocking socket for each address of `host`, and their port, which port 0 leaves to the system.

    "::" alone takes IPv4 as well; where a name has addresses of both kinds, each gets a socket of its own.

    Raises:
        OSError: the address is taken or is not ours. Nothing stays bound.
    """
    found = dict.fromkeys(
        await asyncio.get_running_loop().getaddrinfo(host or None, port, type=kind, flags=socket.AI_PASSIVE)
    )
    apart = len({family for family, *_ in found}) > 1 or host != "::"
    sockets: list[socket.socket] = []
    try:
        for family, _, protocol, _, address in found:
            sock = socket.socket(family, kind, protocol)
            sockets.append(sock)
            sock.setblocking(False)
            if kind == socket.SOCK_STREAM:  # for datagrams it would let two servers have one port
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, apart)
            sock.bind((address[0], port, *address[2:]))
            port = port or sock.getsockname()[1]
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    return sockets, port


def reset_on_close(transport: asyncio.Transport) -> bool:
    """Let the transport's socket end with a reset. False where there is none: a WebSocket has none of its own."""
    sock = transport.get_extra_info("socket")
    if sock is None:
        return False
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    except OSError:
        return False  # it is gone already
    return True
