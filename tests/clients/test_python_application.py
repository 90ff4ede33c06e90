"""`arduino-iot-client` for Python, unmodified: the published sample, then all that the package offers for devices,
things, properties and series. Each answer goes through the client's own strict models."""

from __future__ import annotations

import io
import ssl
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import iot_api_client as iot
import pytest
from iot_api_client.configuration import Configuration
from iot_api_client.exceptions import (
    ApiException,
    BadRequestException,
    NotFoundException,
    UnauthorizedException,
)
from oauthlib.oauth2 import BackendApplicationClient, MissingTokenError
from requests_oauthlib import OAuth2Session

from rookery.testing import Sandbox
from tests.clients.account import VARIABLES, Account
from tests.clients.waiting import eventually

pytestmark = pytest.mark.clients

VALUES: dict[str, Any] = {
    "count": -7,
    "ratio": 21.5,
    "flag": True,
    "label": "two words, ü and 🐦",
    "lamp": {"swi": True, "hue": 120.5, "sat": 50.0, "bri": 75.0},
    "place": {"lat": 45.07, "lon": 7.69},
}
"""A value for every kind of variable."""


def fetch_token(sandbox: Sandbox, client_id: str, client_secret: str) -> dict[str, Any]:
    """A token in the way of the published sample."""
    session = OAuth2Session(client=BackendApplicationClient(client_id=client_id))
    with session:
        token: dict[str, Any] = session.fetch_token(
            token_url=f"{sandbox.https}/iot/v1/clients/token",
            client_id=client_id,
            client_secret=client_secret,
            include_client_id=True,
            audience="https://api2.arduino.cc/iot",
            verify=str(sandbox.ca),
        )
    return token


def open_client(sandbox: Sandbox, host: str, token: str) -> iot.ApiClient:
    """The client, checking the certificate."""
    configuration = Configuration(host=host, ssl_ca_cert=str(sandbox.ca))
    configuration.access_token = token
    return iot.ApiClient(configuration)


@dataclass
class Apis:
    """The client's operations, by what they are about."""

    client: iot.ApiClient
    devices: iot.DevicesV2Api = field(init=False)
    device_tags: iot.DevicesV2TagsApi = field(init=False)
    secrets: iot.DevicesV2PassApi = field(init=False)
    things: iot.ThingsV2Api = field(init=False)
    thing_tags: iot.ThingsV2TagsApi = field(init=False)
    properties: iot.PropertiesV2Api = field(init=False)
    series: iot.SeriesV2Api = field(init=False)
    types: iot.PropertyTypesV1Api = field(init=False)

    def __post_init__(self) -> None:
        self.devices = iot.DevicesV2Api(self.client)
        self.device_tags = iot.DevicesV2TagsApi(self.client)
        self.secrets = iot.DevicesV2PassApi(self.client)
        self.things = iot.ThingsV2Api(self.client)
        self.thing_tags = iot.ThingsV2TagsApi(self.client)
        self.properties = iot.PropertiesV2Api(self.client)
        self.series = iot.SeriesV2Api(self.client)
        self.types = iot.PropertyTypesV1Api(self.client)


@pytest.fixture
def apis(sandbox: Sandbox) -> Iterator[Apis]:
    """A client that is logged in, with the host that its README names."""
    token = fetch_token(sandbox, sandbox.arduino.client_id, sandbox.arduino.client_secret)["access_token"]
    client = open_client(sandbox, sandbox.https, token)
    yield Apis(client)
    client.rest_client.pool_manager.clear()


def a_property(name: str, kind: str, **more: Any) -> iot.ModelProperty:
    """A property as a script would ask for it."""
    asked = {"permission": "READ_WRITE", "update_strategy": "ON_CHANGE", "variable_name": name} | more
    return iot.ModelProperty(name=name, type=kind, **asked)


def a_thing(apis: Apis, **more: Any) -> iot.ArduinoThing:
    """A thing with one property of every kind."""
    properties = [a_property(name, kind) for name, kind in VARIABLES]
    return apis.things.things_v2_create(iot.ThingCreate(**{"name": "Python script", "properties": properties} | more))


def ids(found: list[Any]) -> set[str]:
    """The ids of things, devices or properties."""
    return {one.id for one in found}


@pytest.mark.parametrize("path", ["/iot", ""], ids=["as published", "as the package's README says"])
def test_the_published_sample(sandbox: Sandbox, account: Account, path: str) -> None:
    """With the host of the published sample today's package calls `/iot/iot/v2/…`."""
    board = account.new_device("sample board")
    thing = account.new_thing("sample thing", board)
    account.publish(thing, "ratio", 20.0)

    token = fetch_token(sandbox, sandbox.arduino.client_id, sandbox.arduino.client_secret)
    assert token["token_type"] == "Bearer"
    assert token["expires_in"] == 300

    client = open_client(sandbox, sandbox.https + path, token["access_token"])
    devices = iot.DevicesV2Api(client).devices_v2_list()
    assert [(one.name, one.type) for one in devices if one.id == board.id] == [
        ("sample board", "generic_device_secretkey")
    ]
    assert thing.id in ids(iot.ThingsV2Api(client).things_v2_list())
    properties = iot.PropertiesV2Api(client).properties_v2_list(id=thing.id, show_deleted=False)
    assert {one.name: one.last_value for one in properties if one.last_value is not None} == {"ratio": 20.0}
    client.rest_client.pool_manager.clear()


def test_a_wrong_secret_gives_no_token(sandbox: Sandbox) -> None:
    with pytest.raises(MissingTokenError):
        fetch_token(sandbox, sandbox.arduino.client_id, "x" * 64)


@pytest.mark.parametrize("token", ["", "garbage", "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"])
def test_a_wrong_token_is_unauthorized(sandbox: Sandbox, token: str) -> None:
    client = open_client(sandbox, sandbox.https, token)
    with pytest.raises(UnauthorizedException) as refusal:
        iot.DevicesV2Api(client).devices_v2_list()
    assert refusal.value.status == 401
    client.rest_client.pool_manager.clear()


def test_what_is_not_there_or_not_right_raises_the_exceptions_people_catch(apis: Apis) -> None:
    nowhere = str(uuid.uuid4())
    with pytest.raises(NotFoundException):
        apis.things.things_v2_show(nowhere)
    with pytest.raises(NotFoundException):
        apis.devices.devices_v2_show(nowhere)
    thing = a_thing(apis)
    with pytest.raises(NotFoundException):
        apis.properties.properties_v2_show(thing.id, nowhere)
    with pytest.raises(BadRequestException, match="timezone"):
        apis.things.things_v2_update(thing.id, iot.ThingUpdate(timezone="Mars/Olympus_Mons"))
    count = next(one for one in thing.properties if one.name == "count")
    with pytest.raises(BadRequestException):
        apis.properties.properties_v2_publish(thing.id, count.id, iot.PropertyValue(value="not a number"))
    with pytest.raises(ApiException) as twice:
        apis.properties.properties_v2_create(thing.id, a_property("count", "INT"))
    assert twice.value.status == 412


def test_a_device_and_its_secret(apis: Apis) -> None:
    device = apis.devices.devices_v2_create(
        iot.CreateDevicesV2Payload(name="esp", type="login_and_secretkey_wifi", fqbn="esp32:esp32:esp32")
    )
    assert (device.name, device.fqbn, device.device_status) == ("esp", "esp32:esp32:esp32", "UNKNOWN")
    assert device.user_id

    before = apis.secrets.devices_v2_pass_get(device.id, suggested_password=True)
    assert before.set is False
    assert before.suggested_password
    given = apis.secrets.devices_v2_pass_set(device.id, iot.Devicev2Pass(password=before.suggested_password))
    assert (given.set, given.suggested_password) == (True, before.suggested_password)
    apis.secrets.devices_v2_pass_check(device.id, iot.CheckDevicesV2PassPayload(password=before.suggested_password))
    with pytest.raises(BadRequestException):
        apis.secrets.devices_v2_pass_check(device.id, iot.CheckDevicesV2PassPayload(password="wrong"))
    apis.secrets.devices_v2_pass_delete(device.id)
    assert apis.secrets.devices_v2_pass_get(device.id).set is False

    renamed = apis.devices.devices_v2_update(device.id, iot.Devicev2(name="renamed"))
    assert (renamed.id, renamed.name, renamed.fqbn) == (device.id, "renamed", "esp32:esp32:esp32")
    assert apis.devices.devices_v2_show(device.id).name == "renamed"
    assert apis.devices.devices_v2_get_status_events(device.id).events == []

    apis.devices.devices_v2_delete(device.id)
    assert device.id not in ids(apis.devices.devices_v2_list())
    with pytest.raises(NotFoundException):
        apis.devices.devices_v2_show(device.id)


def test_tags_of_devices_and_things(apis: Apis) -> None:
    device = apis.devices.devices_v2_create(iot.CreateDevicesV2Payload(type="generic_device_secretkey"))
    where = uuid.uuid4().hex
    apis.device_tags.devices_v2_tags_upsert(device.id, iot.Tag(key="where", value="attic"))
    apis.device_tags.devices_v2_tags_upsert(device.id, iot.Tag(key="where", value=where))
    (tag,) = apis.device_tags.devices_v2_tags_list(device.id).tags
    assert (tag.key, tag.value) == ("where", where)
    assert ids(apis.devices.devices_v2_list(tags=[f"where:{where}"])) == {device.id}
    apis.device_tags.devices_v2_tags_delete(device.id, "where")
    assert apis.device_tags.devices_v2_tags_list(device.id).tags == []

    thing = a_thing(apis, tags=[iot.Tag(key="room", value=where)])
    assert ids(apis.things.things_v2_list(tags=[f"room:{where}"])) == {thing.id}
    apis.thing_tags.things_v2_tags_upsert(thing.id, iot.Tag(key="floor", value="2"))
    assert {one.key: one.value for one in apis.thing_tags.things_v2_tags_list(thing.id).tags} == {
        "room": where,
        "floor": "2",
    }
    apis.thing_tags.things_v2_tags_delete(thing.id, "room")
    assert [one.key for one in apis.thing_tags.things_v2_tags_list(thing.id).tags] == ["floor"]


def test_a_thing_from_its_creation_to_its_end(apis: Apis) -> None:
    thing = a_thing(apis, timezone="Europe/Rome")
    assert (thing.name, thing.timezone, thing.properties_count) == ("Python script", "Europe/Rome", len(VARIABLES))
    assert {one.name: one.type for one in thing.properties} == dict(VARIABLES)

    device = apis.devices.devices_v2_create(iot.CreateDevicesV2Payload(name="esp", type="login_and_secretkey_wifi"))
    attached = apis.things.things_v2_update(thing.id, iot.ThingUpdate(device_id=device.id))
    assert (attached.device_id, attached.device_name) == (device.id, "esp")
    shown = apis.devices.devices_v2_show(device.id)
    assert (shown.thing.id, shown.thing.name) == (thing.id, "Python script")
    assert ids(apis.things.things_v2_list(device_id=device.id)) == {thing.id}
    (listed,) = apis.things.things_v2_list(ids=[thing.id], show_properties=True)
    assert len(listed.properties) == len(VARIABLES)

    renamed = apis.things.things_v2_update(thing.id, iot.ThingUpdate(name="renamed"))
    assert (renamed.name, renamed.device_id) == ("renamed", device.id)

    clone = apis.things.things_v2_clone(thing.id, iot.ThingClone(name="copy"))
    assert clone.id != thing.id
    assert clone.device_id is None
    assert {one.name: one.type for one in clone.properties} == dict(VARIABLES)
    assert not ids(clone.properties) & ids(thing.properties)

    apis.things.things_v2_delete(thing.id)
    assert thing.id not in ids(apis.things.things_v2_list())
    (deleted,) = [one for one in apis.things.things_v2_list(show_deleted=True) if one.id == thing.id]
    assert deleted.deleted_at is not None
    with pytest.raises(NotFoundException):
        apis.things.things_v2_show(thing.id)
    # This version of the client has no field for it; any update of a deleted thing restores it.
    restored = apis.things.things_v2_update(thing.id, iot.ThingUpdate(name="back again"))
    assert restored.deleted_at is None
    back = apis.things.things_v2_show(thing.id)
    assert (back.name, ids(back.properties)) == ("back again", ids(thing.properties))

    apis.things.things_v2_delete(thing.id, force=True)
    assert thing.id not in ids(apis.things.things_v2_list(show_deleted=True))


def test_values_of_every_type_are_published_and_read(apis: Apis) -> None:
    thing = a_thing(apis)
    by_name = {one.name: one.id for one in thing.properties}
    assert all(one.last_value is None for one in thing.properties)
    for name, value in VALUES.items():
        apis.properties.properties_v2_publish(thing.id, by_name[name], iot.PropertyValue(value=value))
    for name, value in VALUES.items():
        one = apis.properties.properties_v2_show(thing.id, by_name[name])
        assert one.last_value == value
        assert type(one.last_value) is type(value)
        assert one.value_updated_at is not None
    assert {one.name: one.last_value for one in apis.things.things_v2_show(thing.id).properties} == VALUES


def test_a_property_from_its_creation_to_its_end(apis: Apis) -> None:
    thing = a_thing(apis)
    one = apis.properties.properties_v2_create(
        thing.id,
        a_property(
            "Room temperature",
            "TEMPERATURE",
            variable_name="roomTemperature",
            permission="READ_ONLY",
            update_strategy="TIMED",
            update_parameter=10,
            min_value=-40,
            max_value=85.5,
            persist=False,
        ),
    )
    assert (one.variable_name, one.permission, one.update_strategy) == ("roomTemperature", "READ_ONLY", "TIMED")
    assert (one.min_value, one.max_value, one.update_parameter, one.persist) == (-40, 85.5, 10, False)
    assert one.tag == len(VARIABLES) + 1

    changed = apis.properties.properties_v2_update(
        thing.id, one.id, a_property("Cellar temperature", "TEMPERATURE", variable_name="roomTemperature")
    )
    assert (changed.id, changed.name, changed.permission) == (one.id, "Cellar temperature", "READ_WRITE")

    apis.properties.properties_v2_delete(thing.id, one.id)
    assert one.id not in ids(apis.properties.properties_v2_list(thing.id))
    assert one.id in ids(apis.properties.properties_v2_list(thing.id, show_deleted=True))
    apis.properties.properties_v2_delete(thing.id, one.id, force=True)
    assert one.id not in ids(apis.properties.properties_v2_list(thing.id, show_deleted=True))


def test_a_device_seen_through_its_properties(apis: Apis) -> None:
    device = apis.devices.devices_v2_create(iot.CreateDevicesV2Payload(type="login_and_secretkey_wifi"))
    thing = a_thing(apis, device_id=device.id)
    apis.devices.devices_v2_update_properties(
        device.id,
        iot.PropertiesValues(
            input=True,
            properties=[
                iot.PropertiesValue(name="count", type="infer", value=12),
                iot.PropertiesValue(name="flag", type="infer", value=False),
            ],
        ),
    )
    seen = apis.devices.devices_v2_get_properties(device.id)
    assert seen.device_id == device.id
    values = {one.name: one.last_value for one in seen.properties if one.last_value is not None}
    assert values == {"count": 12, "flag": False}
    count = next(one.id for one in thing.properties if one.name == "count")
    history = apis.devices.devices_v2_timeseries(device.id, count)
    assert [one.value.payload for one in history.values] == ["12"]


def test_series_of_all_kinds(apis: Apis) -> None:
    thing = a_thing(apis)
    by_name = {one.name: one.id for one in thing.properties}
    # A variable that has never been written has no series, not a broken one.
    for ratio in (10.0, 20.0, 60.0):
        apis.properties.properties_v2_publish(thing.id, by_name["ratio"], iot.PropertyValue(value=ratio))
    for flag in (True, False):
        apis.properties.properties_v2_publish(thing.id, by_name["flag"], iot.PropertyValue(value=flag))
    for label in ("one", "two"):
        apis.properties.properties_v2_publish(thing.id, by_name["label"], iot.PropertyValue(value=label))
    now = datetime.now(UTC)
    since, until = now - timedelta(hours=12), now + timedelta(hours=12)
    day = 86_400

    def aggregated(name: str, function: str | None = None) -> list[float]:
        request = iot.BatchQueryRequestMediaV1(
            **{"from": since}, to=until, q=f"property.{by_name[name]}", interval=day, aggregation=function
        )
        answer = apis.series.series_v2_batch_query(iot.BatchQueryRequestsMediaV1(requests=[request], resp_version=1))
        (response,) = answer.responses
        assert (response.status, response.query, response.interval) == ("ok", f"property.{by_name[name]}", day)
        assert response.count_values == len(response.values) == len(response.times)
        return list(response.values)

    # A day has its border at midnight UTC, and the test may run there.
    assert sum(aggregated("ratio", "COUNT")) == 3
    assert sum(aggregated("ratio", "SUM")) == 90
    assert max(aggregated("ratio", "MAX")) == 60
    assert min(aggregated("ratio", "MIN")) == 10
    assert all(10 <= value <= 60 for value in aggregated("ratio"))
    assert max(aggregated("flag")) == 1
    assert aggregated("count") == []

    raw = apis.series.series_v2_batch_query_raw(
        iot.BatchQueryRawRequestsMediaV1(
            requests=[
                iot.BatchQueryRawRequestMediaV1(q=f"property.{by_name['ratio']}", sort="ASC"),
                iot.BatchQueryRawRequestMediaV1(q=f"property.{by_name['ratio']}", sort="DESC", series_limit=2),
                iot.BatchQueryRawRequestMediaV1(q=f"property.{by_name['label']}", sort="ASC"),
            ],
            resp_version=1,
        )
    )
    assert [one.values for one in raw.responses] == [[10.0, 20.0, 60.0], [60.0, 20.0], ["one", "two"]]

    whole = apis.series.series_v2_batch_query_raw(
        iot.BatchQueryRawRequestsMediaV1(
            requests=[iot.BatchQueryRawRequestMediaV1(q=f"thing.{thing.id}", sort="ASC")], resp_version=1
        )
    )
    assert {one.property_name: one.values for one in whole.responses if one.values} == {
        "ratio": [10.0, 20.0, 60.0],
        "flag": [True, False],
        "label": ["one", "two"],
    }

    last = apis.series.series_v2_batch_query_raw_last_value(
        iot.BatchLastValueRequestsMediaV1(
            requests=[
                iot.BatchQueryRawLastValueRequestMediaV1(thing_id=thing.id, property_id=by_name[name])
                for name in ("ratio", "label", "count")
            ]
        )
    )
    assert [(one.values, one.count_values) for one in last.responses] == [([60.0], 1), (["two"], 1), ([], 0)]

    sampled = apis.series.series_v2_batch_query_sampling(
        iot.BatchQuerySampledRequestsMediaV1(
            requests=[
                iot.BatchQuerySampledRequestMediaV1(
                    **{"from": since}, to=until, q=f"property.{by_name['label']}", interval=day
                )
            ],
            resp_version=1,
        )
    )
    assert sampled.responses[0].values[-1] == "two"

    binned = apis.properties.properties_v2_timeseries(
        thing.id,
        by_name["ratio"],
        aggregation="SUM",
        var_from=since.isoformat(),
        to=until.isoformat(),
        interval=day,
    )
    assert sum(point.value for point in binned.data) == 90


def test_history_as_a_file(apis: Apis, sandbox: Sandbox, account: Account) -> None:
    thing = a_thing(apis)
    by_name = {one.name: one.id for one in thing.properties}
    for name in ("ratio", "lamp"):
        apis.properties.properties_v2_publish(thing.id, by_name[name], iot.PropertyValue(value=VALUES[name]))
    now = datetime.now(UTC)
    request = iot.HistoricDataRequest(
        **{"from": now - timedelta(days=1)}, to=now + timedelta(days=1), properties=[by_name["ratio"], by_name["lamp"]]
    )
    answer = apis.series.series_v2_historic_data_with_http_info(request)
    assert (answer.status_code, answer.data, answer.raw_data) == (202, None, b"")

    (export,) = eventually(
        lambda: [one for one in account.call("GET", "/iot/v1/exports") if by_name["ratio"] in one["properties"]],
        lambda found: found and found[0]["state"] == "ready",
    )
    assert export["rows"] == 2
    # The link is enough, as in a mail.
    context = ssl.create_default_context(cafile=sandbox.ca)
    file = httpx.get(export["link"], verify=context, trust_env=False)
    assert (file.status_code, file.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        assert archive.read("Python script - ratio.csv").decode().endswith("Z,21.5\r\n")
        assert archive.read("Python script - lamp.csv").decode().endswith("Z,true,120.5,50.0,75.0\r\n")

    with pytest.raises(BadRequestException):
        apis.series.series_v2_historic_data(
            iot.HistoricDataRequest(**{"from": now}, to=now, properties=[by_name["ratio"]])
        )
    with pytest.raises(NotFoundException):
        apis.series.series_v2_historic_data(
            iot.HistoricDataRequest(**{"from": now - timedelta(1)}, to=now, properties=[str(uuid.uuid4())])
        )


def test_the_catalogue_of_property_types(apis: Apis) -> None:
    types = {one.type: one for one in apis.types.property_types_v1_list_types()}
    assert {"STATUS", "INT", "FLOAT", "CHARSTRING", "LOCATION", "HOME_COLORED_LIGHT"} <= types.keys()
    assert types["TEMPERATURE"].declaration == "CloudTemperature"
