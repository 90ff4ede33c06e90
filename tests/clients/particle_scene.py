"""What the requests of the tutorial are tried on: boards, a product with client, customer and team."""

from __future__ import annotations

import uuid
from functools import cached_property

from tests.clients.curl import Curl, form
from tests.clients.particle_cloud import Board, Cloud, fresh_email


class Scene:
    """Everything is made when it is first asked for, so that each row can be run by itself."""

    def __init__(self, cloud: Cloud, curl: Curl) -> None:
        self.cloud = cloud
        self.curl = curl
        self.token = cloud.token

    @cached_property
    def board(self) -> Board:
        """A board of the owner's, connected over TCP."""
        return self.cloud.claimed()

    @cached_property
    def away(self) -> Board:
        """A board of the owner's that is switched off."""
        board = self.cloud.claimed("udp")
        board.disconnect()
        self.cloud.wait_until_online(board, False)
        return board

    @cached_property
    def product(self) -> int:
        """A product of the owner's."""
        return self.cloud.product()

    @cached_property
    def member(self) -> Board:
        """A board of the product, connected over UDP, and nobody's."""
        board = self.cloud.board("udp")
        self.take_in(board)
        return board

    def take_in(self, board: Board) -> None:
        """Import a board into the product."""
        self.cloud.call("POST", f"/v1/products/{self.product}/devices", json={"id": board.id})

    @cached_property
    def client(self) -> tuple[str, str]:
        """Id and secret of a two-legged client of the product."""
        made = self.cloud.call(
            "POST", f"/v1/products/{self.product}/clients", json={"name": "server", "type": "installed"}
        )["client"]
        return made["id"], made["secret"]

    @cached_property
    def bearer(self) -> str:
        """A token of the product."""
        return str(self.grant(grant_type="client_credentials")["access_token"])

    @cached_property
    def shadow(self) -> str:
        """How a customer of the product is called, who has no password."""
        name = str(uuid.uuid4())
        self.customer_tokens[name] = str(self.enrol(name)["access_token"])
        return name

    @cached_property
    def customer_tokens(self) -> dict[str, str]:
        """Tokens of customers by their names."""
        return {}

    @property
    def customer(self) -> str:
        """A token of the customer."""
        return self.customer_tokens[self.shadow]

    @cached_property
    def theirs(self) -> Board:
        """A board that the customer has claimed with a code."""
        path = f"/v1/products/{self.product}/device_claims"
        code = self.cloud.call("POST", path, token=self.customer)["claim_code"]
        board = self.cloud.board(claim_code=code)
        self.cloud.wait_until_owned(board, self.customer)
        return board

    @cached_property
    def organisation(self) -> str:
        """The slug of an organisation of the owner's."""
        return str(self.cloud.order("org", "add", "Lamps and Sons", "--user", self.cloud.email)["slug"])

    def enrol(self, name: str) -> dict[str, object]:
        """Make a customer; the answer."""
        reply = self.curl(
            f"/v1/products/{self.product}/customers",
            "--user",
            ":".join(self.client),
            *form(email=name, no_password="true", grant_type="client_credentials"),
        )
        assert reply.status == 201, reply.body
        answer: dict[str, object] = reply.json
        return answer

    def grant(self, **fields: object) -> dict[str, object]:
        """A token by the client of the product; the answer."""
        id, secret = self.client
        reply = self.curl("/oauth/token", *form(client_id=id, client_secret=secret, **fields))
        assert reply.status == 200, reply.body
        answer: dict[str, object] = reply.json
        return answer

    def mate(self, role: str) -> str:
        """A token of a new person on the team."""
        email = fresh_email()
        token = self.cloud.person(email)
        path = f"/v1/products/{self.product}/team"
        self.cloud.call("POST", path, json={"username": email, "role": role})
        return token
