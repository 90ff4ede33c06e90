"""What people are told who connect a board: which boards there are, how each believes this server, and which key a
Particle board is given. Of both dialects, so it stands beside the server, which hands it to the console.
"""

from __future__ import annotations

from typing import Any

from rookery.arduino import ca
from rookery.arduino.families import CREATABLE, FAMILIES
from rookery.keys import Algorithm, Authority, BoardKeys, address_block
from rookery.particle.device.module import parse
from rookery.particle.platforms import PLATFORMS

_FILES: dict[str, tuple[str, str]] = {
    "rsa": ("server_rsa.pub.der", "particle_rsa.der"),
    "ec": ("server_ec.pub.der", "particle_ec.der"),
}
"""Algorithm to the names of the bare key and of the key with an address."""


class BoardGuide:
    """Answers for one server; `rookery.console.backend.Guide` is what the console sees of it."""

    def __init__(self, authority: Authority, keys: BoardKeys) -> None:
        self._authority = authority
        self._keys = keys

    def boards(self) -> dict[str, Any]:
        """All boards that are known, by dialect."""
        return {
            "arduino": [
                {
                    "type": name,
                    "label": FAMILIES[name].label,
                    "sketch": FAMILIES[name].sketch,
                    "updatable": FAMILIES[name].updatable,
                }
                for name in CREATABLE
            ],
            "trust": list(ca.BOARDS),
            "particle": [
                {
                    "id": platform.id,
                    "name": platform.name,
                    "family": platform.family,
                    "cellular": platform.cellular,
                    "transport": platform.transport,
                }
                for platform in PLATFORMS.values()
            ],
        }

    def firmware_problem(self, data: bytes, platform: int | None) -> str:
        """Why a Particle board of this platform would not run this file, as a sentence; "" when nothing speaks against
        it."""
        module = parse(data)
        if module is None:
            return "This file is no firmware of a Particle board: choose the .bin file that the compiler made."
        if module.valid and platform is not None and module.platform != platform:
            here, there = (_called(number) for number in (platform, module.platform))
            return f"This firmware is for {there}, and this board is {here}: compile it for this board."
        return module.problem(platform)

    def trust(self, board: str) -> dict[str, Any] | None:
        """Steps and files that make a board (name or FQBN) believe this server; None for an unknown one. `checks` is
        False for a board that believes everybody."""
        try:
            found = ca.for_board(board, self._authority.certificate)
        except KeyError:
            return None
        files = [{"path": path, "content": content} for path, content in found.files.items()]
        return {"board": found.board, "steps": list(found.steps), "files": files, "checks": bool(files)}

    def key(self, algorithm: Algorithm, host: str | None, port: int | None) -> tuple[str, bytes]:
        """File name and content of this server's key for Particle boards: the bare one, or with an address.

        Raises:
            AddressInvalid: boards can not be given this address.
        """
        bare, addressed = _FILES[algorithm]
        public = self._keys.rsa_public if algorithm == "rsa" else self._keys.ec_public
        if host is None:
            return bare, public
        return addressed, address_block(public, host, port if algorithm == "rsa" else None, algorithm)


def _called(number: int) -> str:
    """How people call a platform."""
    known = PLATFORMS.get(number)
    return f"platform {number}" if known is None else f"platform {number} ({known.name})"
