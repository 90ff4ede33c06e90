"""A dashboard goes from the console to the vendor's own client, unmodified, and back; and the other way round."""

from __future__ import annotations

from typing import Any

import iot_api_client as iot
import pytest
from playwright.sync_api import Page, expect

from rookery.testing.sandbox import Sandbox
from tests.clients.dashboards import sent
from tests.clients.test_python_application import fetch_token, open_client
from tests.console.browser.boards import thing_with
from tests.console.browser.looking import axe

pytestmark = pytest.mark.clients


def test_a_dashboard_of_the_console_goes_through_the_official_client_and_back(signed_in: Page, cloud: Sandbox) -> None:
    thing_with(
        cloud,
        "Porch of the client",
        {"name": "lamp", "type": "STATUS"},
        {"name": "level", "type": "FLOAT"},
        {"name": "words", "type": "CHARSTRING"},
        {"name": "colour", "type": "HOME_COLORED_LIGHT"},
    )
    signed_in.goto("/console/dashboards")
    signed_in.get_by_role("button", name="New dashboard").first.click()
    signed_in.get_by_role("textbox", name="Name").fill("Round trip")
    option = signed_in.get_by_label("Start with").locator("option").filter(has_text="Porch of the client")
    signed_in.get_by_label("Start with").select_option(label=option.inner_text())
    signed_in.get_by_role("button", name="Create dashboard").click()
    expect(signed_in.locator("main h1")).to_have_text("Round trip")
    shown = signed_in.locator("[data-widget]")
    expect(shown.first).to_be_visible()

    token = fetch_token(cloud, cloud.arduino.client_id, cloud.arduino.client_secret)["access_token"]
    client = open_client(cloud, cloud.https, token)
    try:
        dashboards = iot.DashboardsV2Api(client)
        (found,) = dashboards.dashboards_v2_list(name="Round trip")
        expect(shown).to_have_count(len(found.widgets))
        assert not any(one.has_type_incompatibility or one.has_unlinked_variable for one in found.widgets)
        # As a script does it: what was read is sent again, with something of its own.
        widgets: list[dict[str, Any]] = [sent(one.to_dict()) for one in found.widgets]
        note = {"id": "6f1d5f0e-0000-4000-8000-00000000abcd", "type": "Sticky Note", "name": "From a script"}
        place = {"x": 0, "y": 40, "width": 8, "height": 4}
        widgets.append(note | place | {"options": {"text": "*written* by a script"}, "variables": []})
        changed = iot.Dashboardv2(name="Round trip and back", widgets=[iot.Widget(**one) for one in widgets])
        dashboards.dashboards_v2_update(found.id, changed)

        signed_in.reload()
        expect(signed_in.locator("main h1")).to_have_text("Round trip and back")
        expect(shown).to_have_count(len(found.widgets) + 1)
        expect(signed_in.locator(f'[data-widget="{note["id"]}"]').get_by_text("written")).to_be_visible()
        axe(signed_in)
        after = dashboards.dashboards_v2_show(found.id)
        assert [sent(one.to_dict()) for one in after.widgets] == widgets

        made = dashboards.dashboards_v2_create(
            iot.Dashboardv2(
                name="Made by a script", widgets=[iot.Widget(**(widgets[0] | {"id": widgets[0]["id"][:-4] + "0001"}))]
            )
        )
        signed_in.goto("/console/dashboards?q=Made+by+a+script")
        signed_in.get_by_role("link", name="Made by a script").first.click()
        expect(shown).to_have_count(1)
        dashboards.dashboards_v2_delete(made.id)
    finally:
        client.rest_client.pool_manager.clear()
