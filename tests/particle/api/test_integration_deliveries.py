"""What integrations have sent, sending it again, and what a definition would send."""

from __future__ import annotations

import pytest

from rookery.core.outgoing import OutgoingFailed, OutgoingResponse
from tests.particle.api.test_integrations import URL, Hooks
from tests.particle.api.test_integrations import hooks as hooks  # a fixture

PLACES = ("a person", "a product", "an organisation")


def prefix(hooks: Hooks, place: str) -> str:
    return hooks.prefixes[place]


@pytest.mark.parametrize("place", PLACES)
async def test_a_delivery_is_shown_in_full_and_sent_again(hooks: Hooks, place: str) -> None:
    base = prefix(hooks, place)
    id = await hooks.create(base, json={"t": "{{{PARTICLE_EVENT_VALUE}}}"}, noDefaults=True)
    hooks.answer = OutgoingResponse(status=500, headers=(("x-why", "no"),), body=b"broken")
    path = f"{base}/integrations/{id}"
    await hooks.world.call("POST", f"{path}/test", {"data": "21.5"})
    (seen,) = (await hooks.world.call("GET", f"{path}/deliveries")).json()["deliveries"]
    assert seen["request"]["method"] == "POST"
    assert (seen["request"]["url"], seen["request"]["body"]) == (URL, '{"t":"21.5"}')
    assert ["content-type", "application/json"] in seen["request"]["headers"]
    assert seen["response"] == {"status": 500, "headers": [["x-why", "no"]], "body": "broken", "cut": False}
    assert (seen["type"], seen["event"], seen["attempt"]) == ("error", "temp", 1)

    hooks.answer = OutgoingResponse(status=200, body=b"fine")
    again = await hooks.world.call("POST", f"{path}/deliveries/{seen['id']}/retry")
    assert (again.status_code, again.json()) == (200, {"pass": True, "data": "fine"})
    assert hooks.requests[0] == hooks.requests[1]
    after = (await hooks.world.call("GET", f"{path}/deliveries")).json()["deliveries"]
    assert [each["type"] for each in after] == ["success", "error"]


async def test_one_without_an_answer_says_why(hooks: Hooks) -> None:
    id = await hooks.create()
    hooks.answer = OutgoingFailed("The server at host.example can not be reached.")
    await hooks.world.call("POST", f"/v1/integrations/{id}/test")
    (seen,) = (await hooks.world.call("GET", f"/v1/integrations/{id}/deliveries")).json()["deliveries"]
    assert (seen["response"], seen["error"]) == (None, "The server at host.example can not be reached.")


@pytest.mark.parametrize("number", ["0", "999", "x", "٣", "9" * 30])
async def test_what_is_not_remembered_can_not_be_sent_again(hooks: Hooks, number: str) -> None:
    id = await hooks.create()
    answer = await hooks.world.call("POST", f"/v1/integrations/{id}/deliveries/{number}/retry")
    assert answer.status_code == 404
    assert hooks.requests == []


async def test_a_delivery_of_another_integration_is_not_to_be_had(hooks: Hooks) -> None:
    mine, other = await hooks.create(), await hooks.create(event="other")
    await hooks.world.call("POST", f"/v1/integrations/{other}/test")
    (seen,) = (await hooks.world.call("GET", f"/v1/integrations/{other}/deliveries")).json()["deliveries"]
    assert (await hooks.world.call("POST", f"/v1/integrations/{mine}/deliveries/{seen['id']}/retry")).status_code == 404
    assert len(hooks.requests) == 1


async def test_a_changed_definition_begins_anew(hooks: Hooks) -> None:
    id = await hooks.create()
    await hooks.world.call("POST", f"/v1/integrations/{id}/test")
    await hooks.world.call("PUT", f"/v1/integrations/{id}", {"event": "temp", "url": URL})
    assert (await hooks.world.call("GET", f"/v1/integrations/{id}/deliveries")).json() == {"deliveries": []}


async def test_deliveries_of_nobodys_integration(hooks: Hooks) -> None:
    assert (await hooks.world.call("GET", f"/v1/integrations/{'0' * 24}/deliveries")).status_code == 404


@pytest.mark.parametrize("place", PLACES)
async def test_a_preview_shows_the_request_and_sends_nothing(hooks: Hooks, place: str) -> None:
    definition = {"event": "temp", "url": URL + "/{{{t}}}", "json": {"d": "{{{PARTICLE_DEVICE_ID}}}"}}
    sample = {"definition": definition, "name": "temp/porch", "data": '{"t": 21}', "device_id": "0" * 24}
    answer = await hooks.world.call("POST", f"{prefix(hooks, place)}/integrations/preview", sample)
    assert answer.status_code == 200
    request = answer.json()["request"]
    assert (request["method"], request["url"]) == ("POST", f"{URL}/21")
    assert '"event":"temp/porch"' in request["body"]
    assert f'"d":"{"0" * 24}"' in request["body"]
    assert hooks.requests == []
    assert (await hooks.world.call("GET", f"{prefix(hooks, place)}/integrations")).json() == []


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ({"event": "", "url": "ftp://x"}, "event is required"),
        ({"event": "t", "url": URL, "json": "{}", "body": "x"}, "can not be given together"),
        ({"event": "t", "url": URL, "body": "{{#a}}"}, ""),
        (None, "definition must be an object"),
    ],
)
async def test_a_definition_that_is_none_is_refused_with_reasons(hooks: Hooks, definition: object, words: str) -> None:
    answer = await hooks.world.call("POST", "/v1/integrations/preview", {"definition": definition})
    assert answer.status_code == 400
    assert words in answer.json()["error"]
