"""Dashboards with `arduino-iot-client` for Python, unmodified, through its own strict models, and with version 3 of the
API, which the package does not know, beside it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import iot_api_client as iot
import pytest
from iot_api_client.exceptions import BadRequestException, ForbiddenException, NotFoundException

from rookery.testing import Sandbox
from tests.clients.account import Account
from tests.clients.dashboards import KINDS, VARIABLES, sent, widgets_for
from tests.clients.test_python_application import fetch_token, open_client

pytestmark = pytest.mark.clients


@pytest.fixture
def dashboards(sandbox: Sandbox) -> Iterator[iot.DashboardsV2Api]:
    """The owner's client."""
    token = fetch_token(sandbox, sandbox.arduino.client_id, sandbox.arduino.client_secret)["access_token"]
    client = open_client(sandbox, sandbox.https, token)
    yield iot.DashboardsV2Api(client)
    client.rest_client.pool_manager.clear()


@pytest.fixture
def guest(sandbox: Sandbox, stranger: Account) -> Iterator[iot.ApiClient]:
    """The client of another person."""
    client = open_client(sandbox, sandbox.https, stranger.token)
    yield client
    client.rest_client.pool_manager.clear()


def body(name: str, widgets: list[dict[str, Any]], **fields: Any) -> iot.Dashboardv2:
    """A dashboard as a script asks for it."""
    return iot.Dashboardv2(name=name, widgets=[iot.Widget(**widget) for widget in widgets], **fields)


def as_sent(dashboard: iot.ArduinoDashboardv2) -> list[dict[str, Any]]:
    """The widgets that a client was shown, as it would send them."""
    return [sent(widget.to_dict()) for widget in dashboard.widgets]


def test_every_kind_of_widget_goes_there_and_back(dashboards: iot.DashboardsV2Api, account: Account) -> None:
    thing = account.new_thing("python house", variables=VARIABLES)
    account.publish(thing, "ratio", 21.5)
    widgets = widgets_for(thing)
    made = dashboards.dashboards_v2_create(body("Python wall", widgets, cover_image="a key"))
    assert (made.name, made.cover_image, made.organization_id) == ("Python wall", "a key", None)
    assert as_sent(made) == widgets
    assert not any(one.has_type_incompatibility or one.has_permission_incompatibility for one in made.widgets)
    shown = dashboards.dashboards_v2_show(made.id)
    assert shown == made
    gauge = next(one for one in shown.widgets if one.type == "Gauge")
    (variable,) = gauge.variables
    assert (variable.variable_name, variable.last_value, variable.permission) == ("ratio", 21.5, "READ_WRITE")
    assert (variable.thing_id, variable.thing_name) == (thing.id, "python house")
    assert variable.thing_timezone.name == "Europe/Rome"
    assert variable.thing_timezone.offset in (3600, 7200)
    assert made.id in [one.id for one in dashboards.dashboards_v2_list(name="Python wall")]
    assert dashboards.dashboards_v2_list(user_id=str(uuid.uuid4())) == []

    newer = account.call("GET", f"/iot/v3/dashboards/{made.id}")
    assert [sent(one) for one in newer["widgets"]] == [one | {"page_id": "0"} for one in widgets]
    replaced = dashboards.dashboards_v2_update(made.id, body("Renamed", as_sent(shown)[:2]))
    assert (replaced.name, as_sent(replaced)) == ("Renamed", widgets[:2])
    dashboards.dashboards_v2_delete(made.id)
    with pytest.raises(NotFoundException):
        dashboards.dashboards_v2_show(made.id)
    back = dashboards.dashboards_v2_update(made.id, body("Back", widgets, soft_deleted=False))
    assert as_sent(back) == widgets
    dashboards.dashboards_v2_delete(made.id)
    assert made.id not in [one.id for one in dashboards.dashboards_v2_list()]


def test_a_dashboard_with_pages_survives_a_client_that_knows_none(
    dashboards: iot.DashboardsV2Api, account: Account
) -> None:
    thing = account.new_thing("paged house", variables=VARIABLES)
    pages = [{"id": str(uuid.uuid4()), "name": name, "position": place} for place, name in enumerate(("Up", "Down"))]
    widgets = [
        widget | {"page_id": [*(page["id"] for page in pages), "0"][place % 3]}
        for place, widget in enumerate(widgets_for(thing))
    ]
    made = account.call("POST", "/iot/v3/dashboards", {"name": "Paged", "pages": pages, "widgets": widgets})
    assert made["pages"] == pages
    assert [sent(widget) for widget in made["widgets"]] == widgets
    shown = dashboards.dashboards_v2_show(made["id"])
    moved = [widget | {"x": widget["x"] + 1} for widget in as_sent(shown)]
    dashboards.dashboards_v2_update(made["id"], body("Paged", moved))
    after = account.call("GET", f"/iot/v3/dashboards/{made['id']}")
    assert after["pages"] == pages
    assert [sent(widget) for widget in after["widgets"]] == [widget | {"x": widget["x"] + 1} for widget in widgets]
    account.call("PATCH", f"/iot/v3/dashboards/{made['id']}", {"pages": pages[:1]})
    kept = {page_id for page_id in (one["page_id"] for one in widgets) if page_id != pages[1]["id"]}
    patched = account.call("GET", f"/iot/v3/dashboards/{made['id']}")
    assert {one["page_id"] for one in patched["widgets"]} == kept


def test_linking_copying_and_exporting(dashboards: iot.DashboardsV2Api, account: Account) -> None:
    old, new = [account.new_thing(name, variables=VARIABLES) for name in ("old house", "new house")]
    made = dashboards.dashboards_v2_create(body("Source", widgets_for(old)))
    copy = dashboards.dashboards_v2_clone(
        made.id, iot.Clone(overrides=[iot.Override(old_thing_id=old.id, new_thing_id=new.id)])
    )
    assert {variable.thing_id for one in copy.widgets for variable in one.variables} == {new.id}
    chart = next(one for one in copy.widgets if one.type == "Advanced Chart")
    assert chart.options["axes"] == {new.properties["ratio"]: "left"}
    linked = dashboards.dashboards_v2_link(copy.id, chart.id, iot.Widgetlink(variables=[new.properties["count"]]))
    assert linked.variables == [new.properties["count"]]
    template = dashboards.dashboards_v2_template(made.id)
    named = f"old-house-{old.id[-5:]}"
    assert {variable.thing_id for one in template.widgets for variable in one.variables} == {named}
    assert [one.type for one in template.widgets] == [kind for kind, _, _ in KINDS]
    chart = next(one for one in template.widgets if one.type == "Advanced Chart")
    assert chart.options["axes"] == {f"{named}:ratio": "left"}
    with pytest.raises(BadRequestException) as refused:
        dashboards.dashboards_v2_link(copy.id, chart_id(copy), iot.Widgetlink(variables=[str(uuid.uuid4())]))
    assert refused.value.status == 400


def chart_id(dashboard: iot.ArduinoDashboardv2) -> str:
    """The id of its advanced chart."""
    return str(next(one.id for one in dashboard.widgets if one.type == "Advanced Chart"))


def test_sharing_with_another_person(
    dashboards: iot.DashboardsV2Api, guest: iot.ApiClient, account: Account, stranger: Account
) -> None:
    thing = account.new_thing("shared house", variables=VARIABLES)
    account.publish(thing, "ratio", 1.5)
    only = [one for one in widgets_for(thing) if one["type"] in ("Gauge", "Switch")]
    made = dashboards.dashboards_v2_create(body("Shared", only))
    theirs = iot.DashboardsV2Api(guest)
    with pytest.raises(NotFoundException):
        theirs.dashboards_v2_show(made.id)
    assert theirs.dashboards_v2_request_access(made.id, iot.Sharerequest(message="Please")) is None
    with pytest.raises(NotFoundException):
        theirs.dashboards_v2_show(made.id)

    assert dashboards.dashboards_v2_share(made.id, iot.Dashboardshare(username="stranger@rookery.local")) is None
    (share,) = dashboards.dashboards_v2_list_shares(made.id)
    assert share.username == "stranger@rookery.local"
    (seen,) = [one for one in theirs.dashboards_v2_list() if one.id == made.id]
    assert seen.shared_by.user_id == made.created_by.user_id
    properties, series = iot.PropertiesV2Api(guest), iot.SeriesV2Api(guest)
    assert properties.properties_v2_show(thing.id, thing.properties["ratio"]).last_value == 1.5
    properties.properties_v2_publish(thing.id, thing.properties["flag"], iot.PropertyValue(value=True))
    assert account.value(thing, "flag") is True
    queries = [iot.BatchQueryRawRequestMediaV1(q=f"property.{thing.properties['ratio']}", sort="ASC")]
    answer = series.series_v2_batch_query_raw(iot.BatchQueryRawRequestsMediaV1(requests=queries, resp_version=1))
    assert answer.responses[0].values == [1.5]
    assert stranger.call("GET", f"/iot/v3/dashboards/{made.id}")["pages"] == []
    for refused in (
        lambda: theirs.dashboards_v2_update(made.id, body("mine", [])),
        lambda: theirs.dashboards_v2_delete(made.id),
        lambda: theirs.dashboards_v2_list_shares(made.id),
    ):
        with pytest.raises(ForbiddenException):
            refused()
    for hidden in (
        lambda: properties.properties_v2_show(thing.id, thing.properties["label"]),
        lambda: iot.ThingsV2Api(guest).things_v2_show(thing.id),
    ):
        with pytest.raises(NotFoundException):
            hidden()
    assert dashboards.dashboards_v2_delete_share(made.id, share.user_id) is None
    with pytest.raises(NotFoundException):
        theirs.dashboards_v2_show(made.id)
