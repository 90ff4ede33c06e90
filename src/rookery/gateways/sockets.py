"""Listening sockets, for every gateway alike."""

from __future__ import annotations

import asyncio
import socket


async def bound_sockets(host: str, port: int) -> tuple[list[socket.socket], int]:
    """A bound, non-blocking TCP socket for each address of `host`, and their port, which port 0 leaves to the system.

    "::" alone takes IPv4 as well; where a name has addresses of both kinds, each gets a socket of its own.

    Raises:
        OSError: the address is taken or is not ours. Nothing stays bound.
    """
    found = dict.fromkeys(
        await asyncio.get_running_loop().getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    )
    apart = len({family for family, *_ in found}) > 1 or host != "::"
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in found:
            sock = socket.socket(family, kind, protocol)
            sockets.append(sock)
            sock.setblocking(False)
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
