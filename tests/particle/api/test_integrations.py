"""Integrations over the API: three prefixes, two families, exact bodies, and who may do what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from rookery.core.catalog import Insert
from rookery.core.deliveries import Deliveries
from rookery.core.events import of_device
from rookery.core.outgoing import OutgoingFailed, OutgoingRequest, OutgoingResponse
from rookery.core.records import Bearer, Customer, Member, Product, Program, Role, Space, SpaceKind
from rookery.particle.api.api import Api, ApiOptions
from rookery.particle.api.app import build_api
from rookery.particle.ids import hex_id
from rookery.particle.integrations import Integrations
from tests.fakes import settled
from tests.particle.api.conftest import BASE, World, world_of

URL = "https://host.example/in"
WHOLE = {
    "integration_type": "Webhook",
    "event": "temp",
    "url": URL,
    "name": "Mine",
    "requestType": "put",
    "json": {"t": "{{{t}}}"},
    "query": {"q": "1"},
    "headers": {"Authorization": "Bearer x"},
    "auth": {"username": "u", "password": "p"},
    "responseTopic": "r",
    "errorResponseTopic": "e",
    "responseTemplate": "{{a}}",
    "noDefaults": True,
    "rejectUnauthorized": False,
    "deviceID": "E00FCE680000000000000001",
}
ORGANISATION = "00000000-0000-4000-8000-00000000000a"


@dataclass
class Hooks:
    """A server with integrations, and the other side."""

    world: World
    integrations: Integrations
    deliveries: Deliveries
    product: Product
    prefixes: dict[str, str]
    requests: list[OutgoingRequest] = field(default_factory=list)
    answer: OutgoingResponse | Exception = field(default_factory=lambda: OutgoingResponse(status=200, body=b"fine"))

    async def create(self, prefix: str = "/v1", **fields: Any) -> str:
        answer = await self.world.call("POST", f"{prefix}/integrations", {"event": "temp", "url": URL, **fields})
        assert answer.status_code == 201
        return str(answer.json()["id"])

    async def send(self, request: OutgoingRequest, /) -> OutgoingResponse:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
async def hooks() -> AsyncIterator[Hooks]:
    async with world_of() as world:
        services, owner = world.services, world.person.id
        now = world.clock.now()
        await services.catalog.apply(
            Insert(
                Space(
                    id=ORGANISATION,
                    created_at=now,
                    updated_at=now,
                    kind=SpaceKind.ORGANISATION,
                    name="We",
                    slug="we",
                )
            ),
            Insert(
                Member(
                    id=f"{ORGANISATION}/{owner}",
                    created_at=now,
                    updated_at=now,
                    space_id=ORGANISATION,
                    person_id=owner,
                    role=Role.OWNER,
                )
            ),
        )
        product = await services.products.create(world.user, owner, name="Mine", platform=13)
        made: list[Hooks] = []

        async def send(request: OutgoingRequest, /) -> OutgoingResponse:
            return await made[0].send(request)

        deliveries = Deliveries(send, world.clock)
        integrations = Integrations(services, deliveries)
        await integrations.start()
        # The token was made before the person became a member of anything.
        world.token = await world.token_of(owner)
        world.api = Api(services, ApiOptions(base_url=BASE), integrations=integrations)
        world.http._transport.app = build_api(world.api)  # type: ignore[attr-defined]
        prefixes = {
            "a person": "/v1",
            "a product": f"/v1/products/{product.number}",
            "an organisation": "/v1/orgs/we",
        }
        made.append(Hooks(world, integrations, deliveries, product, prefixes))
        yield made[0]
        await integrations.close()
        await deliveries.close()


@pytest.mark.parametrize("whose", ["a person", "a product", "an organisation"])
async def test_the_life_of_one(hooks: Hooks, whose: str) -> None:
    world, prefix = hooks.world, hooks.prefixes[whose]
    created = await world.call("POST", f"{prefix}/integrations", WHOLE)
    id = created.json()["id"]
    assert (created.status_code, created.json()) == (
        201,
        {
            "ok": True,
            "id": id,
            "event": "temp",
            "name": "Mine",
            "created_at": "2025-01-01T00:00:00.000Z",
            "integration_type": "Webhook",
            "url": URL,
            "noDefaults": True,
            "rejectUnauthorized": False,
            "hookUrl": f"{BASE}{prefix}/integrations/{id}",
        },
    )
    assert len(id) == 24
    shown = {
        **WHOLE,
        "id": id,
        "created_at": "2025-01-01T00:00:00.000Z",
        "updated_at": "2025-01-01T00:00:00.000Z",
        "requestType": "PUT",
        "deviceID": "e00fce680000000000000001",
        "disabled": False,
    }
    listed = await world.call("GET", f"{prefix}/integrations")
    assert listed.json() == [shown]
    one = await world.call("GET", f"{prefix}/integrations/{id.upper()}")
    assert one.json() == {"integration": {**shown, "logs": [], "errors": [], "counters": []}}
    world.clock.turn(1)
    replaced = await world.call(
        "PUT", f"{prefix}/integrations/{id}", {"event": "other", "url": URL, "disabled": True, "body": "x"}
    )
    expected = {
        "integration_type": "Webhook",
        "id": id,
        "event": "other",
        "name": "other for host.example",
        "url": URL,
        "body": "x",
        "created_at": "2025-01-01T00:00:00.000Z",
        "updated_at": "2025-01-01T00:00:01.000Z",
        "requestType": "POST",
        "noDefaults": False,
        "rejectUnauthorized": True,
        "disabled": True,
    }
    assert (replaced.status_code, replaced.json()) == (200, {"ok": True, "integration": expected})
    assert len(hooks.integrations) == 0
    for other in hooks.prefixes.values():
        if other != prefix:
            answer = await world.call("GET", f"{other}/integrations/{id}")
            assert (answer.status_code, answer.json()) == (404, {"ok": False, "error": "Webhook not found"})
    removed = await world.call("DELETE", f"{prefix}/integrations/{id}")
    assert (removed.status_code, removed.content) == (204, b"")
    again = await world.call("DELETE", f"{prefix}/integrations/{id}")
    assert (again.status_code, again.json()) == (404, {"ok": False, "error": "Webhook not found"})
    assert (await world.call("GET", f"{prefix}/integrations")).json() == []


@pytest.mark.parametrize("whose", ["a person", "a product", "an organisation"])
async def test_the_older_name(hooks: Hooks, whose: str) -> None:
    world, prefix = hooks.world, hooks.prefixes[whose]
    created = await world.call("POST", f"{prefix}/webhooks", {"eventName": "temp", "url": URL})
    id = created.json()["id"]
    assert (created.status_code, created.json()["hookUrl"]) == (201, f"{BASE}{prefix}/webhooks/{id}")
    (listed,) = (await world.call("GET", f"{prefix}/webhooks")).json()
    assert "integration_type" not in listed
    assert (listed["id"], listed["event"], listed["requestType"]) == (id, "temp", "POST")
    one = (await world.call("GET", f"{prefix}/webhooks/{id}")).json()
    assert one == {"webhook": {**listed, "logs": [], "errors": [], "counters": []}}
    assert (await world.call("GET", f"{prefix}/integrations/{id}")).status_code == 200
    assert (await world.call("DELETE", f"{prefix}/webhooks/{id}")).status_code == 204
    assert (await world.call("GET", f"{prefix}/webhooks/{id}")).json() == {"ok": False, "error": "Webhook not found"}


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no event": ({"url": URL}, "event is required: the begin of the names of events that set the webhook off."),
    "no address": ({"event": "e"}, "url is required."),
    "another address": ({"event": "e", "url": "ftp://x"}, "url must begin with http:// or https:// and a host."),
    "another kind": (
        {"event": "e", "url": URL, "integration_type": "AzureIotHub"},
        "Integrations of type AzureIotHub are not supported here; a Webhook can call the same service.",
    ),
    "a template without an end": ({"event": "e", "url": URL, "json": "{{#a}}"}, "The section 'a' has no end."),
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_definition_that_is_refused(hooks: Hooks, case: str) -> None:
    fields, sentence = WRONG[case]
    expected = (400, {"ok": False, "error": sentence})
    answer = await hooks.world.call("POST", "/v1/integrations", fields)
    assert (answer.status_code, answer.json()) == expected
    id = await hooks.create()
    answer = await hooks.world.call("PUT", f"/v1/integrations/{id}", fields)
    assert (answer.status_code, answer.json()) == expected


async def test_a_form(hooks: Hooks) -> None:
    answer = await hooks.world.call(
        "POST",
        "/v1/webhooks",
        data={"event": "temp", "url": URL, "noDefaults": "true", "headers[X-Key]": "1", "json": '{"t":{{t}}}'},
    )
    assert answer.status_code == 201
    (listed,) = (await hooks.world.call("GET", "/v1/webhooks")).json()
    assert (listed["noDefaults"], listed["headers"], listed["json"]) == (True, {"X-Key": "1"}, '{"t":{{t}}}')


async def test_logs_errors_and_counters(hooks: Hooks) -> None:
    world = hooks.world
    id = await hooks.create()
    device = await world.services.enrolment.enrol(
        "e00fce680000000000000001", "particle", "argon", space_id=world.person.id
    )

    async def say() -> None:
        event = of_device(device, name="temp", data=b"1", time=world.clock.now())
        world.services.events.publish(event, device.events)
        for _ in range(3):
            await settled()
            await hooks.integrations.idle()
            await hooks.deliveries.idle()

    await say()
    hooks.answer = OutgoingResponse(status=500, body=b"broken")
    world.clock.turn(1)
    await say()
    hooks.answer = OutgoingFailed("host.example takes no connection.")
    await say()
    shown = (await world.call("GET", f"/v1/integrations/{id}")).json()["integration"]
    good = {
        "time": "2025-01-01T00:00:00.000Z",
        "event": "temp",
        "type": "success",
        "attempt": 1,
        "status": 200,
        "duration": 0,
        "response": "fine",
        "error": None,
    }
    bad = {
        **good,
        "time": "2025-01-01T00:00:01.000Z",
        "type": "error",
        "status": 500,
        "response": "broken",
        "error": "error status 500",
    }
    away = {**bad, "status": None, "response": "", "error": "host.example takes no connection."}
    assert shown["logs"] == [away, bad, good]
    assert shown["errors"] == [away, bad]
    assert shown["counters"] == [{"date": "2025-01-01", "success": 1, "error": 2, "sleep": 0, "dropped": 0}]


TESTS: dict[str, tuple[dict[str, Any], OutgoingResponse | Exception, dict[str, Any], dict[str, Any]]] = {
    "nothing said": (
        {},
        OutgoingResponse(status=200, body=b"fine"),
        {"pass": True, "data": "fine"},
        {"data": "test-event", "coreid": "api"},
    ),
    "data and a device": (
        {"data": "20", "device_id": "e00fce680000000000000001"},
        OutgoingResponse(status=204),
        {"pass": True, "data": ""},
        {"data": "20", "coreid": "e00fce680000000000000001"},
    ),
    "a server that refuses": (
        {},
        OutgoingResponse(status=404, body=b"who?"),
        {"pass": False, "error": "error status 404 from host.example"},
        {"coreid": "api"},
    ),
    "no server": (
        {},
        OutgoingFailed("The address of host.example was not found."),
        {"pass": False, "error": "The address of host.example was not found."},
        {"coreid": "api"},
    ),
}


@pytest.mark.parametrize("case", TESTS)
async def test_trying_one(hooks: Hooks, case: str) -> None:
    fields, hooks.answer, expected, sent = TESTS[case]
    id = await hooks.create(json={}, disabled=True)
    answer = await hooks.world.call("POST", f"/v1/integrations/{id}/test", fields)
    assert (answer.status_code, answer.json()) == (200, expected)
    (request,) = hooks.requests
    body = msgspec.json.decode(request.body)
    assert {name: body[name] for name in sent} == sent
    assert body["event"] == "temp"
    await settled()
    assert ("events", "Event") not in hooks.world.bus.heard


async def test_trying_one_that_makes_no_request(hooks: Hooks) -> None:
    id = await hooks.create(body="{{#a}}{{#a}}{{#a}}{{b}}{{/a}}{{/a}}{{/a}}")
    data = msgspec.json.encode({"a": [{"b": 1}] * 60}).decode()
    answer = await hooks.world.call("POST", f"/v1/integrations/{id}/test", {"data": data})
    assert answer.json() == {"pass": False, "error": "The template goes through too many elements."}
    assert hooks.requests == []


async def test_strangers_see_nothing(hooks: Hooks) -> None:
    ids = {prefix: await hooks.create(prefix) for prefix in hooks.prefixes.values()}
    _, token = await hooks.world.somebody()
    assert (await hooks.world.call("GET", "/v1/integrations", token=token)).json() == []
    errors = {
        "/v1": "Webhook not found",
        hooks.prefixes["a product"]: "Product not found.",
        "/v1/orgs/we": "Organization not found.",
    }
    for prefix, id in ids.items():
        for method in ("GET", "PUT", "DELETE"):
            body = {"event": "e", "url": URL} if method == "PUT" else None
            answer = await hooks.world.call(method, f"{prefix}/integrations/{id}", body, token=token)
            assert (answer.status_code, answer.json()["error"]) == (404, errors[prefix])


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
async def test_roles_in_a_product(hooks: Hooks, role: Role) -> None:
    world = hooks.world
    prefix = hooks.prefixes["a product"]
    id = await hooks.create(prefix)
    member, token = await world.somebody()
    now = world.clock.now()
    await world.services.catalog.apply(
        Insert(
            Member(
                id=f"{hooks.product.id}/{member.id}",
                created_at=now,
                updated_at=now,
                space_id=hooks.product.id,
                person_id=member.id,
                role=role,
            )
        )
    )
    token = await world.token_of(member.id)
    may = role is Role.EDITOR
    definition = {"event": "e", "url": URL}
    for method, path, body, status in (
        ("GET", "", None, 200),
        ("GET", f"/{id}", None, 200),
        ("POST", "", definition, 201),
        ("PUT", f"/{id}", definition, 200),
        ("POST", f"/{id}/test", {}, 200),
        ("DELETE", f"/{id}", None, 204),
    ):
        answer = await world.call(method, f"{prefix}/integrations{path}", body, token=token)
        assert answer.status_code == (status if may or method == "GET" else 403)


async def test_programs_do_what_their_scopes_say_and_customers_nothing(hooks: Hooks) -> None:
    world = hooks.world
    prefix = hooks.prefixes["a product"]
    now = world.clock.now()
    program = Program(
        id="p1",
        created_at=now,
        updated_at=now,
        space_id=hooks.product.id,
        username="robot",
        name="Robot",
        scopes=["integrations:list"],
    )
    customer = Customer(id="c1", created_at=now, updated_at=now, product_id=hooks.product.id, email="c@rookery.test")
    await world.services.catalog.apply(Insert(program), Insert(customer))
    robot = await world.token_of(program.id, Bearer.PROGRAM)
    listed = await world.call("GET", f"{prefix}/integrations", token=robot)
    assert (listed.status_code, listed.json()) == (200, [])
    assert listed.headers["x-requested-scope"] == f"product_{hooks.product.number}:integrations:list"
    definition = {"event": "e", "url": URL}
    refused = await world.call("POST", f"{prefix}/integrations", definition, token=robot)
    assert refused.status_code == 400
    buyer = await world.token_of(customer.id, Bearer.CUSTOMER)
    for token in (robot, buyer):
        answer = await world.call("POST", "/v1/integrations", definition, token=token)
        assert answer.status_code in (400, 403)
    assert len(hooks.integrations) == 0


async def test_where_there_are_none(world: World) -> None:
    answer = await world.call("GET", "/v1/integrations")
    assert answer.status_code == 404


async def test_the_id_is_that_of_the_record(hooks: Hooks) -> None:
    id = await hooks.create()
    (record,) = await hooks.integrations.of(hooks.world.person.id)
    assert (hex_id(record.id), record.person_id) == (id, hooks.world.person.id)
