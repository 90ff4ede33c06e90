"""Who may log in over MQTT in this dialect, and who answers for them (arduino-device.md, section 2).

Each authenticator knows one form of login and abstains from the others:

* a board with its id and secret key,
* a board with a client certificate that was signed for it, or by a CA that the operator trusts,
* a person's program with the person's id and an access token.
"""

from __future__ import annotations

from rookery.arduino.device.board import BoardHandler
from rookery.arduino.device.user import UserHandler
from rookery.arduino.families import DIALECT
from rookery.arduino.tokens import Tokens
from rookery.core.ids import is_uuid
from rookery.core.records import Device
from rookery.core.services import Services
from rookery.gateways.contract import Handler, Login, LoginRefused, Peer

WRONG = "wrong user name or password"
"""Says no more than that: which of the two it was is nobody's business."""


class SecretKeyLogin:
    """Boards with a secret key: user name and client id are the device id (section 2.1)."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def authenticate(self, login: Login, peer: Peer) -> Handler | None:
        """The board's handler; None when this is not a board's login."""
        if login.username is None or login.password is None or not is_uuid(login.username):
            return None
        if _looks_like_token(login.password):
            return None
        if login.client_id != login.username:
            raise LoginRefused("a board's client id is its device id")
        try:
            secret = login.password.decode()
        except UnicodeDecodeError:
            raise LoginRefused(WRONG) from None
        device = await self._services.devices.log_in(login.username, secret)
        if device is None or device.dialect != DIALECT:
            raise LoginRefused(WRONG)
        return await board_handler(self._services, device)


class CertificateLogin:
    """Boards with a client certificate: its common name is the device id and the client id (section 2.2).

    Verification against our CA and those of the operator has happened in TLS. A certificate that we signed has to be
    enabled still; one of the operator's CAs stands for itself when the operator says so (`foreign`).
    """

    def __init__(self, services: Services, *, foreign: bool = False) -> None:
        self._services = services
        self._foreign = foreign

    async def authenticate(self, login: Login, peer: Peer) -> Handler | None:
        """The board's handler; None when no certificate was presented or a user name came with it."""
        if peer.certificate_name is None or login.username is not None:
            return None
        if login.client_id != peer.certificate_name:
            raise LoginRefused("the client id is not the common name of the certificate")
        devices = self._services.devices
        device = await devices.by_certificate(peer.certificate_name, peer.certificate_serial or "")
        if device is None and self._foreign:
            device = await devices.by_id(peer.certificate_name)
        if device is None or device.dialect != DIALECT:
            raise LoginRefused("the certificate is not one of an enabled device")
        return await board_handler(self._services, device)


class TokenLogin:
    """Programs of people: user name is the person's id, password an access token, checked at CONNECT only
    (section 2.5): a session does not end with its token."""

    def __init__(self, services: Services, tokens: Tokens) -> None:
        self._services = services
        self._tokens = tokens

    async def authenticate(self, login: Login, peer: Peer) -> Handler | None:
        """The person's handler; None when the password is no token."""
        if login.username is None or login.password is None or not _looks_like_token(login.password):
            return None
        who = await self._tokens.log_in(login.password.decode("ascii"))
        if who is None or who.person_id != login.username:
            raise LoginRefused("the access token is not valid (any more), or of somebody else")
        for space_id in who.roles:
            await self._services.index.load(space_id)
        return UserHandler(self._services, who)


async def board_handler(services: Services, device: Device) -> BoardHandler:
    """The handler of a board that has proved who it is."""
    handler = BoardHandler(services, device)
    await handler.prepare()
    return handler


def _looks_like_token(password: bytes) -> bool:
    """Three base64url parts, the first of which begins like JSON does."""
    return password.startswith(b"eyJ") and password.count(b".") == 2 and password.isascii()
