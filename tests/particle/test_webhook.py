"""Webhooks: definitions as people write them, the requests they make, and the events that tell of the answers."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.core.outgoing import OutgoingRefused, OutgoingResponse
from rookery.particle.webhook import Definition, DefinitionError, read_definition
from rookery.particle.webhook_request import HookEvent, Webhook
from rookery.particle.webhook_response import Publication, answered, failed, pieces, sent

DEVICE = "e00fce680123456789abcdef"
URL = "https://host.example/in"
EVENT = HookEvent(
    name="demo/one",
    data="my data",
    device_id=DEVICE,
    published_at="2017-02-01T21:08:05.763Z",
    event_id="0f2c3a52-9c1e-4a7e-8a52-7c2f5a0d9b11",
)
IN_PRODUCT = msgspec.structs.replace(EVENT, product_id="319", user_id="u1", version="7")


def event(data: str | None, **fields: Any) -> HookEvent:
    return msgspec.structs.replace(EVENT, data=data, **fields)


def webhook(product: bool = False, **fields: Any) -> Webhook:
    return Webhook(read_definition({"event": "demo", "url": URL, **fields}), product=product)


# --- definitions

ACCEPTED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "the least": ({"event": "e", "url": URL}, {"name": "e for host.example", "request_type": "POST"}),
    "an old file": ({"eventName": "e", "url": URL, "mydevices": True}, {"event": "e", "mydevices": True}),
    "a label": ({"event": "e", "url": URL, "name": "Mine"}, {"name": "Mine"}),
    "a method in small letters": ({"event": "e", "url": URL, "requestType": "get"}, {"request_type": "GET"}),
    "a device as in the documents": ({"event": "e", "url": URL, "deviceID": DEVICE}, {"device_id": DEVICE}),
    "a device as in a library": ({"event": "e", "url": URL, "deviceId": DEVICE.upper()}, {"device_id": DEVICE}),
    "a device as in the command line": ({"event": "e", "url": URL, "deviceid": DEVICE}, {"device_id": DEVICE}),
    "flags of a form": (
        {"event": "e", "url": URL, "noDefaults": "true", "rejectUnauthorized": "false", "unchunked": "0"},
        {"no_defaults": True, "reject_unauthorized": False, "unchunked": False},
    ),
    "objects of a form": (
        {"event": "e", "url": URL, "headers": '{"X":"y"}', "auth": '{"username":"u","password":"p"}'},
        {"headers": {"X": "y"}, "auth": {"username": "u", "password": "p"}},
    ),
    "a text as JSON": ({"event": "e", "url": URL, "json": '{"t":{{t}}}'}, {"json": '{"t":{{t}}}'}),
    "nothing where a console sends nothing": (
        {"event": "e", "url": URL, "json": {"a": 1}, "body": "", "form": {}, "auth": None, "responseTopic": ""},
        {"json": {"a": 1}, "body": None, "form": None, "response_topic": None},
    ),
    "a response template as an object": (
        {"event": "e", "url": URL, "responseTemplate": {"lat": "{{{a.lat}}}"}},
        {"response_template": '{"lat":"{{{a.lat}}}"}'},
    ),
    "a number in a header": ({"event": "e", "url": URL, "headers": {"X": 5}}, {"headers": {"X": "5"}}),
    "a template as URL": ({"event": "e", "url": "{{{u}}}"}, {"url": "{{{u}}}"}),
    "a template in the host": ({"event": "e", "url": "https://{{{h}}}.example/"}, {"name": "e for {{{h}}}.example"}),
    "its type": ({"event": "e", "url": URL, "integration_type": "Webhook"}, {"event": "e"}),
    "what nobody knows": ({"event": "e", "url": URL, "colour": "blue"}, {"event": "e"}),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    fields, expected = ACCEPTED[name]
    definition = read_definition(fields)
    assert {key: getattr(definition, key) for key in expected} == expected
    Webhook(definition)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no event": ({"url": URL}, "event is required: the begin of the names of events that set the webhook off."),
    "no URL": ({"event": "e"}, "url is required."),
    "a URL without a scheme": ({"url": "host.example"}, "url must begin with http:// or https:// and a host."),
    "another scheme": ({"url": "file:///etc"}, "url must begin with http:// or https:// and a host."),
    "no host": ({"url": "https:///x"}, "url must begin with http:// or https:// and a host."),
    "another method": ({"requestType": "PATCH"}, "requestType must be one of GET, POST, PUT, DELETE."),
    "two bodies": ({"json": {}, "body": "x"}, "json and body can not be given together: a request has one body."),
    "a number as JSON": ({"json": 5}, "json must be an object or a text."),
    "a text as form": ({"form": "a=b"}, "form must be an object."),
    "a list as query": ({"query": ["a"]}, "query must be an object."),
    "a number as body": ({"body": 5}, "body must be a text."),
    "a header's name": ({"headers": {"X Y": "z"}}, "headers has a name that no header can have."),
    "a header's value": ({"headers": {"X": "a\r\nY: b"}}, "headers has a value with a line end in it."),
    "many headers": ({"headers": {f"X-{n}": "" for n in range(41)}}, "headers has at most 40 entries."),
    "half of a login": ({"auth": {"password": "p"}}, "auth must be an object with username and password."),
    "not a flag": ({"unchunked": "perhaps"}, "unchunked must be true or false."),
    "not a device": ({"deviceID": "photon"}, "deviceID must be the 24 hex digits of a device."),
    "a long event": ({"event": "x" * 65}, "event has at most 64 characters."),
    "a long name": ({"name": "x" * 201}, "name has at most 200 characters."),
    "a broken template": ({"json": {"a": ["{{#x}}"]}}, "The section 'x' has no end."),
    "a broken topic": ({"responseTopic": "{{x"}, "A tag that begins at character 1 has no end (}})."),
    "large": ({"form": {str(n): "x" * 1_000 for n in range(70)}}, "A definition has at most 65536 bytes."),
    "another service": (
        {"integration_type": "AzureIotHub"},
        "Integrations of type AzureIotHub are not supported here; a Webhook can call the same service.",
    ),
    "no service at all": ({"integration_type": "Pigeon"}, "integration_type must be Webhook."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    fields, sentence = REFUSED[name]
    whole = {"event": "e", "url": URL, **fields} if not name.startswith("no ") or "url" in fields else fields
    if name == "no event":
        del whole["event"]
    if name == "no service at all":
        whole = {"event": "e", "url": URL, **fields}
    with pytest.raises(DefinitionError) as caught:
        read_definition(whole)
    assert caught.value.problems == [sentence]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(DefinitionError) as caught:
        read_definition({"requestType": "x"})
    assert len(caught.value.problems) == 3
    assert str(caught.value) == " ".join(caught.value.problems)


def test_a_structure_without_a_bottom_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(DefinitionError):
        read_definition({"event": "e", "url": URL, "json": deep})


def test_a_definition_is_kept_in_the_vendors_names() -> None:
    fields = {
        "event": "e",
        "url": URL,
        "requestType": "PUT",
        "json": {"a": "{{b}}"},
        "dataUrlResponseEvent": True,
        "noDefaults": True,
        "rejectUnauthorized": False,
        "errorResponseTopic": "t",
        "deviceID": DEVICE,
    }
    definition = read_definition(fields)
    assert msgspec.to_builtins(definition) == {**fields, "name": "e for host.example"}
    assert msgspec.json.decode(msgspec.json.encode(definition), type=Definition) == definition


def test_what_a_definition_needs_is_known() -> None:
    definition = read_definition(
        {
            "event": "e",
            "url": "https://{{{HOST}}}/",
            "headers": {"X": "{{{KEY}}}"},
            "auth": {"username": "u", "password": "{{{PASSWORD}}}"},
            "form": {"a": "{{a.b}}"},
            "responseTemplate": "{{{NOT_THIS}}}",
        }
    )
    assert definition.names() == {"HOST", "KEY", "PASSWORD", "a"}


def test_which_events_set_it_off() -> None:
    definition = read_definition({"event": "temp", "url": URL, "deviceID": DEVICE})
    assert definition.matches("temperature", DEVICE)
    assert definition.matches("temp", DEVICE.upper())
    assert not definition.matches("Temp", DEVICE)
    assert not definition.matches("temp", "0" * 24)
    assert not msgspec.structs.replace(definition, disabled=True).matches("temp", DEVICE)
    assert read_definition({"event": "temp", "url": URL}).matches("temp", "0" * 24)


# --- requests

AGENT = ("user-agent", "ParticleBot/1.1 (https://docs.particle.io/webhooks)")
FORM = ("content-type", "application/x-www-form-urlencoded")
DEFAULT = f"event=demo%2Fone&data=my%20data&published_at=2017-02-01T21%3A08%3A05.763Z&coreid={DEVICE}"


def test_a_request_without_anything_said() -> None:
    request = webhook().request(EVENT)
    assert (request.method, request.url, request.verify) == ("POST", URL, True)
    assert request.headers == (AGENT, FORM)
    assert request.body.decode() == DEFAULT


BODIES: dict[str, tuple[dict[str, Any], str | None, str]] = {
    "form and defaults": (
        {"form": {"a": "b!"}},
        '{"t":1}',
        f"{DEFAULT.replace('my%20data', '%7B%22t%22%3A1%7D')}&a=b%21",
    ),
    "a field of mine counts": ({"form": {"data": "mine"}}, "x", DEFAULT.replace("my%20data", "mine")),
    "form alone": (
        {"form": {"a": "{{{x}}}", "n": 5, "l": [1]}, "noDefaults": True},
        '{"x":"y z"}',
        "a=y%20z&n=5&l=%5B1%5D",
    ),
    "nothing at all": ({"noDefaults": True}, "x", ""),
    "no data": ({"form": {}, "noDefaults": False}, None, DEFAULT.replace("my%20data", "")),
    "JSON": (
        {"json": {"value": "{{{PARTICLE_EVENT_VALUE}}}"}, "noDefaults": True},
        "true",
        '{"value":"true"}',
    ),
    "JSON with a name from a template": (
        {"json": {"{{PARTICLE_EVENT_NAME}}": "{{{PARTICLE_EVENT_VALUE}}}"}, "noDefaults": True},
        "20.00",
        '{"demo/one":"20.00"}',
    ),
    "JSON from data": (
        {"json": {"gauges": [{"name": "{{{n}}}", "value": "{{{v}}}"}]}, "noDefaults": True},
        '{"n":"click","v":2}',
        '{"gauges":[{"name":"click","value":"2"}]}',
    ),
    "JSON that data can not break": (
        {"json": {"v": "{{{PARTICLE_EVENT_VALUE}}}"}, "noDefaults": True},
        '","x":"',
        '{"v":"\\",\\"x\\":\\""}',
    ),
    "JSON as a text": ({"json": '{"t":{{t}}}', "noDefaults": True}, '{"t":21.10}', '{"t":21.1}'),
    "JSON as a text that is none": ({"json": "{{{t}}}"}, '{"t":"x"}', "x"),
    "a body": (
        {"body": '{ "value": {{{PARTICLE_EVENT_VALUE}}} }', "noDefaults": True},
        "true",
        '{ "value": true }',
    ),
    "a body has no defaults": ({"body": "{{lat}},{{lng}}"}, '{"lat":1.5,"lng":-2}', "1.5,-2"),
}


@pytest.mark.parametrize("name", BODIES)
def test_body(name: str) -> None:
    fields, data, expected = BODIES[name]
    assert webhook(**fields).request(event(data)).body.decode() == expected


@pytest.mark.parametrize("payload", [{"a": "b"}, '{"a":"b"}'])
def test_json_with_defaults(payload: Any) -> None:
    request = webhook(json=payload).request(EVENT)
    assert json.loads(request.body) == {
        "event": "demo/one",
        "data": "my data",
        "published_at": "2017-02-01T21:08:05.763Z",
        "coreid": DEVICE,
        "a": "b",
    }
    assert request.headers == (AGENT, ("accept", "application/json"), ("content-type", "application/json"))


def test_a_body_of_ones_own_has_no_type() -> None:
    assert webhook(body="x").request(EVENT).headers == (AGENT,)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_without_a_body_data_is_in_the_query(method: str) -> None:
    request = webhook(requestType=method, form={"f": "1"}, query={"q": "{{{x}}}", "p": "my app"}).request(EVENT)
    assert (request.body, request.headers) == (b"", (AGENT,))
    assert request.url == f"{URL}?{DEFAULT}&f=1&q=&p=my%20app"


def test_a_query_beside_a_body() -> None:
    request = webhook(url=URL + "?a=1#top", query={"b": "{{{PARTICLE_DEVICE_ID}}}"}).request(EVENT)
    assert request.url == f"{URL}?a=1&b={DEVICE}"
    assert request.body.decode() == DEFAULT


def test_a_url_from_data() -> None:
    request = webhook(url="https://host.example/log/{{{room}}}").request(event('{"room":"kitchen"}'))
    assert request.url == "https://host.example/log/kitchen"


def test_headers_of_the_definition_count() -> None:
    request = webhook(
        headers={"User-Agent": "Me", "X-{{x}}": "{{{PARTICLE_PUBLISHED_AT}}}", "Content-Type": "text/plain"}
    ).request(event('{"x":"Y"}'))
    assert dict(request.headers) == {
        "user-agent": "Me",
        "x-y": "2017-02-01T21:08:05.763Z",
        "content-type": "text/plain",
    }


def test_a_name_and_password() -> None:
    hook = webhook(auth={"username": "{{{u}}}", "password": "{{{PASSWORD}}}"})
    header = dict(hook.request(event('{"u":"me"}'), {"PASSWORD": "p:w"}).headers)["authorization"]
    assert b64decode(header.removeprefix("Basic ")) == b"me:p:w"
    own = webhook(auth={"username": "u"}, headers={"authorization": "Bearer 1"})
    assert dict(own.request(EVENT).headers)["authorization"] == "Bearer 1"


def test_verification_can_be_left_out() -> None:
    assert not webhook(rejectUnauthorized=False).request(EVENT).verify


def test_a_product_says_more() -> None:
    request = webhook(product=True, requestType="GET").request(IN_PRODUCT)
    assert request.url == f"{URL}?{DEFAULT}&userid=u1&fw_version=7&public=false"


VARIABLES = {
    "PARTICLE_DEVICE_ID": DEVICE,
    "PARTICLE_EVENT_NAME": "demo/one",
    "PARTICLE_EVENT_VALUE": "my data",
    "PARTICLE_PUBLISHED_AT": "2017-02-01T21:08:05.763Z",
    "PARTICLE_EVENT_ID": "0f2c3a52-9c1e-4a7e-8a52-7c2f5a0d9b11",
    "SPARK_DEVICE_ID": DEVICE,
    "SPARK_EVENT_NAME": "demo/one",
    "SPARK_EVENT_VALUE": "my data",
    "SPARK_PUBLISHED_AT": "2017-02-01T21:08:05.763Z",
    "PRODUCT_ID": "319",
    "PRODUCT_USER_ID": "u1",
    "PRODUCT_VERSION": "7",
}


@pytest.mark.parametrize("name", VARIABLES)
def test_variable(name: str) -> None:
    assert webhook(body=f"{{{{{{{name}}}}}}}").request(IN_PRODUCT).body.decode() == VARIABLES[name]


def test_the_whole_event_as_a_variable() -> None:
    text = webhook(body="{{{PARTICLE_EVENT_JSON}}}").request(EVENT).body
    assert json.loads(text) == {
        "event": "demo/one",
        "data": "my data",
        "published_at": "2017-02-01T21:08:05.763Z",
        "coreid": DEVICE,
        "event_id": "0f2c3a52-9c1e-4a7e-8a52-7c2f5a0d9b11",
    }
    assert b64decode(webhook(body="{{{PARTICLE_EVENT_BASE64}}}").request(EVENT).body) == text


def test_data_speaks_for_nobody_else() -> None:
    data = event('{"PARTICLE_DEVICE_ID":"0","MY_SECRET":"guess","mine":"yes"}')
    hook = webhook(body="{{PARTICLE_DEVICE_ID}} {{MY_SECRET}} {{mine}}")
    assert hook.request(data, {"MY_SECRET": "s"}).body.decode() == f"{DEVICE} s yes"


@pytest.mark.parametrize("data", ["[1]", "5", '{"a"', "{" * 5_000, '{"a":' * 5_000, None, ""])
def test_data_that_is_no_object_has_no_variables(data: str | None) -> None:
    assert webhook(body="[{{a}}]").request(event(data)).body == b"[]"


def test_what_can_not_be_sent_is_refused_in_a_sentence() -> None:
    with pytest.raises(OutgoingRefused, match="more text"):
        webhook(body="{{{x}}}" * 20).request(event(json.dumps({"x": "y" * 10_000})))
    with pytest.raises(OutgoingRefused, match="characters that can not be sent"):
        webhook(json={"a": "{{{PARTICLE_EVENT_VALUE}}}"}).request(event("\ud800"))


# --- what came back

OK = OutgoingResponse(status=200, body=b"ok")


def test_a_request_was_sent() -> None:
    assert sent(EVENT) == Publication("hook-sent/demo/one", None)


ANSWERS: dict[str, tuple[dict[str, Any], OutgoingResponse, list[tuple[str, str]]]] = {
    "a short one": ({}, OK, [("hook-response/demo/one/0", "ok")]),
    "an empty one": ({}, OutgoingResponse(status=204), []),
    "a long one": (
        {},
        OutgoingResponse(status=200, body=b"x" * 1_100),
        [
            ("hook-response/demo/one/0", "x" * 512),
            ("hook-response/demo/one/1", "x" * 512),
            ("hook-response/demo/one/2", "x" * 76),
        ],
    ),
    "in one": (
        {"unchunked": True},
        OutgoingResponse(status=200, body=b"x" * 1_100),
        [("hook-response/demo/one", "x" * 1_100)],
    ),
    "a topic": ({"responseTopic": "{{PARTICLE_DEVICE_ID}}/weather"}, OK, [(f"{DEVICE}/weather/0", "ok")]),
    "a topic, in one": ({"responseTopic": "weather", "unchunked": True}, OK, [("weather", "ok")]),
    "a topic of nothing": (
        {"responseTopic": "{{nothing}}"},
        OK,
        [("hook-error/demo/one/0", "The topic of the response must have 1 to 256 characters.")],
    ),
    "a topic of the cloud's": (
        {"responseTopic": "spark/device/{{PARTICLE_EVENT_VALUE}}"},
        OK,
        [("hook-error/demo/one/0", "The topic of the response must not begin with spark or particle.")],
    ),
    "a template": (
        {"responseTemplate": "{{{results.0.elevation}}} {{PARTICLE_EVENT_NAME}}"},
        OutgoingResponse(status=200, body=b'{"results":[{"elevation":1608.5}]}'),
        [("hook-response/demo/one/0", "1608.5 demo/one")],
    ),
    "a template over a list": (
        {"responseTemplate": "{{0.a}}{{1.a}}"},
        OutgoingResponse(status=200, body=b'[{"a":1},{"a":2}]'),
        [("hook-response/demo/one/0", "12")],
    ),
    "a template over what is not JSON": ({"responseTemplate": "[{{a}}]"}, OK, [("hook-response/demo/one/0", "[]")]),
    "a template of nothing": ({"responseTemplate": "{{a}}"}, OK, []),
    "a template that costs too much": (
        {"responseTemplate": "{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}"},
        OutgoingResponse(status=200, body=json.dumps({"l": [0] * 1_000}).encode()),
        [("hook-error/demo/one/0", "The template goes through too many elements.")],
    ),
    "a data URL": (
        {"dataUrlResponseEvent": True},
        OutgoingResponse(status=200, body=b"\xff\x00", headers=(("content-type", "image/png; x=y"),)),
        [("hook-response/demo/one/0", "data:image/png;base64,/wA=")],
    ),
    "a data URL of anything": (
        {"dataUrlResponseEvent": True},
        OutgoingResponse(status=200, body=b"\xff"),
        [("hook-response/demo/one/0", "data:application/octet-stream;base64,/w==")],
    ),
    "a data URL of nothing": ({"dataUrlResponseEvent": True}, OutgoingResponse(status=200), []),
    "not a text": ({}, OutgoingResponse(status=200, body=b"a\xff"), [("hook-response/demo/one/0", "a\ufffd")]),
    "an error": (
        {},
        OutgoingResponse(status=404, body=b"nothing here"),
        [("hook-error/demo/one/0", "error status 404 from host.example")],
    ),
    "an error with a topic": (
        {"errorResponseTopic": "save_failed_for_{{PARTICLE_DEVICE_ID}}"},
        OutgoingResponse(status=500),
        [(f"save_failed_for_{DEVICE}/0", "error status 500 from host.example")],
    ),
    "an error with a topic of nothing": (
        {"errorResponseTopic": "{{nothing}}"},
        OutgoingResponse(status=500),
        [("hook-error/demo/one/0", "error status 500 from host.example")],
    ),
    "an error with a topic of the cloud's": (
        {"errorResponseTopic": "Spark/status"},
        OutgoingResponse(status=500),
        [("hook-error/demo/one/0", "error status 500 from host.example")],
    ),
    "too long": (
        {"unchunked": True},
        OutgoingResponse(status=200, body=b"x" * 102_401),
        [("hook-error/demo/one", "The response of host.example is longer than 102400 bytes.")],
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answer(name: str) -> None:
    fields, response, expected = ANSWERS[name]
    assert answered(webhook(**fields), EVENT, response, "host.example") == [Publication(*each) for each in expected]


def test_the_longest_answer() -> None:
    found = answered(webhook(), EVENT, OutgoingResponse(status=200, body=b"x" * 102_400), "host.example")
    assert (len(found), found[-1].name) == (200, "hook-response/demo/one/199")


def test_in_a_product_each_board_hears_its_own() -> None:
    hook = webhook(product=True)
    assert answered(hook, IN_PRODUCT, OK, "h") == [Publication(f"{DEVICE}/hook-response/demo/one/0", "ok")]
    assert failed(hook, IN_PRODUCT, "no") == [Publication(f"{DEVICE}/hook-error/demo/one/0", "no")]


def test_an_error_of_an_event_that_can_not_be_written_down() -> None:
    found = failed(webhook(errorResponseTopic="{{x}}"), event("\ud800"), "no")
    assert found == [Publication("hook-error/demo/one/0", "no")]


def test_a_secret_is_not_published() -> None:
    hook = webhook(responseTemplate="[{{{MY_SECRET}}}]", headers={"X": "{{{MY_SECRET}}}"})
    assert dict(hook.request(EVENT, {"MY_SECRET": "s"}).headers)["x"] == "s"
    assert answered(hook, EVENT, OK, "h") == [Publication("hook-response/demo/one/0", "[]")]


@given(st.text(), st.integers(4, 40))
def test_pieces_are_whole_characters(text: str, size: int) -> None:
    found = pieces(text, size)
    assert "".join(found) == text
    assert all(0 < len(piece.encode()) <= size for piece in found)
    assert all(len(piece.encode()) > size - 4 for piece in found[:-1])
