"""How a customer comes to a device, from the first call of the maker to the list of customers (reference 8.1): eleven
steps, each by whom the reference names, over the API alone but for the board itself."""

from __future__ import annotations

from typing import Any

import httpx

from rookery.core.records import Device
from tests.fakes import FakeBoard, connect, settled
from tests.particle.api.conftest import World
from tests.particle.api.fleets import device_id

PHOTON = 6
UUID = "3f0e3a8e-5b1c-4a57-9a5e-6f0e7f1f2a3b"


async def posted(world: World, path: str, form: dict[str, str], token: str = "") -> httpx.Response:
    """A form, as the tutorial's pages send them: the token is a field."""
    return await world.http.post(path, data={**form, "access_token": token} if token else form)


async def board_connects(world: World, number: int) -> tuple[Device, FakeBoard]:
    """The board comes, whoever knows it."""
    device = await world.services.enrolment.enrol(device_id(number), "particle", "particle", platform=PHOTON)
    board = connect(world.services, device)
    board.variables["brightness"] = 7
    board.functions["setColor"] = len
    return device, board


async def test_the_whole_way(world: World) -> None:
    services = world.services

    # 1. The team makes a product.
    body: Any = {"product": {"name": "Lamp", "platform_id": PHOTON}}
    product = (await world.call("POST", "/v1/user/products", body)).json()["product"]
    path = f"/v1/products/{product['id']}"
    assert product["platform_id"] == PHOTON

    # 2. And a client for its back end. The secret is shown once.
    body = {"name": "srv", "type": "installed"}
    client = (await world.call("POST", f"{path}/clients", body)).json()["client"]
    listed = (await world.call("GET", f"{path}/clients")).json()["clients"]
    assert [one["id"] for one in listed] == [client["id"]]
    assert "secret" not in listed[0]
    credentials = {"client_id": client["id"], "client_secret": client["secret"]}

    # 3. The back end gets the product's token; the client says which product.
    form = {"grant_type": "client_credentials", "expires_in": "3600", **credentials}
    answer = await posted(world, "/oauth/token", form)
    assert (answer.status_code, answer.json()["expires_in"]) == (200, 3600)
    bearer = answer.json()["access_token"]

    # 4. It takes a board into the product that nobody has claimed.
    answer = await world.call("POST", f"{path}/devices", {"id": device_id(1)}, token=bearer)
    assert (answer.json()["updated"], answer.json()["updatedDeviceIds"]) == (1, [device_id(1)])

    # 5. And makes a customer, who can not log in.
    form = {"email": UUID, "no_password": "true", **credentials}
    answer = await posted(world, f"{path}/customers", form)
    assert answer.status_code == 201
    first = answer.json()["access_token"]

    # 5b. Later it gets another token for the same customer, but for nobody who is none.
    form = {"grant_type": "client_credentials", "scope": f"customer={UUID}", "expires_in": "0", **credentials}
    answer = await posted(world, "/oauth/token", form)
    assert (answer.status_code, answer.json()["expires_in"]) == (200, 0)
    customer = answer.json()["access_token"]
    assert customer != first
    answer = await posted(world, "/oauth/token", {**form, "scope": "customer=nobody"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")

    # 6. The customer's token gets a claim code, with the numbers of a SIM card left blank.
    answer = await posted(world, f"{path}/device_claims", {"imei": "", "iccid": ""}, customer)
    assert (answer.status_code, answer.json()["device_ids"]) == (200, [])
    code = answer.json()["claim_code"]
    assert len(code) == 63

    # 7. The code is on the board. Nothing has changed before the board says it.
    view = (await world.call("GET", f"{path}/devices/{device_id(1)}", token=bearer)).json()
    assert (view["product_id"], view["owner"], view["online"]) == (product["id"], None, False)

    # 8. It connects and says it; a second time, after a new session, does no harm.
    device, board = await board_connects(world, 1)
    for _ in range(2):
        owned = await services.claims.present(device, code)
        assert owned is not None
        assert board.device == owned
        device = owned

    # 9. The back end sees it.
    view = (await world.call("GET", f"{path}/devices/{device_id(1)}", token=bearer)).json()
    assert (view["product_id"], view["owner"], view["online"]) == (product["id"], UUID, True)

    # 10. The app uses the board with the customer's token, on the paths of users.
    assert [one["id"] for one in (await world.call("GET", "/v1/devices", token=customer)).json()] == [device_id(1)]
    answer = await world.call("GET", f"/v1/devices/{device_id(1)}/brightness", token=customer)
    assert answer.json()["result"] == 7
    answer = await posted(world, f"/v1/devices/{device_id(1)}/setColor", {"arg": "255,0,0"}, customer)
    assert answer.json()["return_value"] == 7
    services.events.subscribers.set(board, ["mood"])
    answer = await world.call("POST", "/v1/devices/events", {"name": "mood", "data": "warm"}, token=customer)
    await settled()
    assert answer.json() == {"ok": True}
    assert [(event.name, event.data) for event in board.heard] == [("mood", b"warm")]
    for refused in (path, f"{path}/devices", f"{path}/devices/{device_id(1)}/brightness"):
        assert (await world.call("GET", refused, token=customer)).status_code == 403

    # 11. And the customer is listed with the board.
    body = (await world.call("GET", f"{path}/customers?page=1&perPage=25", token=bearer)).json()
    assert [(one["username"], one["devices"]) for one in body["customers"]] == [(UUID, [device_id(1)])]
    assert body["meta"]["total_pages"] == 1


async def test_afterwards(world: World) -> None:
    """What the owner can undo: a customer lets the board go and takes it back without a code; the maker does."""
    who = await world.services.people.principal(world.person.id)
    product = await world.services.products.create(who, world.person.id, name="Lamp", platform=PHOTON)
    path = f"/v1/products/{product.number}"
    await world.call("POST", f"{path}/devices", {"id": device_id(1)})
    await board_connects(world, 1)
    tokens = []
    for email in ("first", "second"):
        body = {"email": email, "no_password": True}
        tokens.append((await world.call("POST", f"{path}/customers", body)).json()["access_token"])
    first, second = tokens

    async def owner() -> Any:
        return (await world.call("GET", f"{path}/devices/{device_id(1)}")).json()["owner"]

    claim = {"id": device_id(1).upper()}
    answer = await world.call("POST", "/v1/devices", claim, token=first)
    assert (answer.status_code, answer.json()["id"], answer.json()["ok"]) == (200, device_id(1), True)
    assert await owner() == "first"
    answer = await world.call("POST", "/v1/devices", claim, token=second)
    assert answer.status_code == 403
    assert "belongs to someone else" in answer.json()["errors"][0]
    assert (await world.call("GET", f"/v1/devices/{device_id(1)}", token=second)).status_code == 403
    assert (await world.call("DELETE", f"/v1/devices/{device_id(1)}", token=first)).json() == {"ok": True}
    assert await owner() is None
    assert (await world.call("POST", "/v1/devices", claim, token=second)).status_code == 200
    assert (await world.call("DELETE", f"{path}/devices/{device_id(1)}/owner")).json() == {"ok": True}
    assert await owner() is None
    body = {"development": True}
    answer = await world.call("PUT", f"{path}/devices/{device_id(1)}", body)
    assert (answer.status_code, answer.json()["development"]) == (200, True)
    view = (await world.call("GET", f"{path}/devices/{device_id(1)}")).json()
    assert (view["product_id"], view["development"]) == (product.number, True)


async def test_expired_tokens_and_simple_clients(world: World) -> None:
    """A product's token that has timed out, and a client that is made for apps and gets none."""
    who = await world.services.people.principal(world.person.id)
    product = await world.services.products.create(who, world.person.id, name="Lamp", platform=PHOTON)
    path = f"/v1/products/{product.number}"
    form = {"grant_type": "client_credentials", "expires_in": "60"}

    async def client(**more: str) -> dict[str, str]:
        made = (await world.call("POST", f"{path}/clients", {"name": "c", "type": "installed", **more})).json()[
            "client"
        ]
        return {"client_id": made["id"], "client_secret": made["secret"]}

    token = (await posted(world, "/oauth/token", {**form, **await client()})).json()["access_token"]
    assert (await world.call("GET", f"{path}/devices", token=token)).status_code == 200
    world.clock.turn(61)
    answer = await world.call("GET", f"{path}/devices", token=token)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    simple = await client(scope="customers:create")
    refused = await posted(world, "/oauth/token", {**form, **simple})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client")
    made = await posted(world, f"{path}/customers", {"email": "c", "password": "x", **simple})
    assert made.status_code == 201
    sandbox = (await world.call("POST", "/v1/clients", {"name": "mine", "type": "installed"})).json()["client"]
    form = {"email": "d", "no_password": "true", "client_id": sandbox["id"], "client_secret": sandbox["secret"]}
    assert (await posted(world, f"{path}/customers", form)).status_code == 400
