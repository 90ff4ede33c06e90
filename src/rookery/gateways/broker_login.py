"""Programs that log in with an API key: user name = client id of the key, password = its secret, any MQTT client id."""

from __future__ import annotations

from rookery.core.clients import ID_LENGTH, Clients
from rookery.gateways.broker import SpaceBrokers
from rookery.gateways.contract import Handler, Login, LoginRefused, Peer

WRONG = "wrong user name or password"
"""The same for a wrong secret and for a key that is switched off."""


class KeyLogin:
    """An API key gets the private topic tree of its owner's own space. A `gateways.contract.Authenticator`."""

    def __init__(self, clients: Clients, brokers: SpaceBrokers) -> None:
        self._clients = clients
        self._brokers = brokers

    async def authenticate(self, login: Login, peer: Peer) -> Handler | None:
        """The handler of the key's space; None when the user name is no API key.

        Raises:
            LoginRefused: the secret is wrong, the key is switched off, or the space has too many connections.
        """
        if login.username is None or login.password is None or len(login.username) != ID_LENGTH:
            return None
        if await self._clients.get(login.username) is None:
            return None
        try:
            secret = login.password.decode()
        except UnicodeDecodeError:
            raise LoginRefused(WRONG) from None
        client = await self._clients.check(login.username, secret)
        if client is None:
            raise LoginRefused(WRONG)
        return self._brokers.handler(client.person_id, clean_session=login.clean_session, client_id=client.id)
