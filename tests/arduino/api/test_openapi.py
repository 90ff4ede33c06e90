"""The document says what is served, in the official words."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from rookery.arduino.api.app import ROUTES
from tests.arduino.api.conftest import World

OURS = {"clients_v1", "exports_v1", "openapi", "users_v1"}
"""Groups that the official document does not have."""


async def document(world: World) -> dict[str, Any]:
    answer = await world.http.get("/iot/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [r for value in node.values() for r in references(value)]
    return [r for value in node for r in references(value)] if isinstance(node, list) else []


async def test_every_route_is_described_once(world: World) -> None:
    found = await document(world)
    described = {(path, method.upper()) for path, item in found["paths"].items() for method in item}
    routes = {(r.opt["operation"].path, r.opt["operation"].method) for r in ROUTES}
    assert routes <= described
    assert {path for path, _ in described - routes} == {"/iot/openapi.json", "/iot/docs"}
    names = [operation["operationId"] for item in found["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))


async def test_it_holds_together(world: World) -> None:
    found = await document(world)
    assert found["openapi"] == "3.1.0"
    assert found["servers"] == [{"url": "http://localhost:8080"}]
    for reference in references(found):
        assert reference.removeprefix("#/components/schemas/") in found["components"]["schemas"]
    for path, item in found["paths"].items():
        for operation in item.values():
            in_path = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert in_path == set(re.findall(r"\{(\w+)\}", path))
            assert operation["summary"].endswith(".")
    error = found["components"]["schemas"]["error"]["properties"]
    assert error.keys() == {"id", "code", "status", "detail", "meta"}
    flow = found["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == "http://localhost:8080/iot/v1/clients/token"


@pytest.mark.parametrize(
    ("path", "method", "name"),
    [
        ("/iot/v2/devices", "get", "devices_v2#list"),
        ("/iot/v2/devices/{id}/pass", "put", "devices_v2_pass#set"),
        ("/iot/v2/devices/{id}/certs/{cid}", "post", "devices_v2_certs#update"),
        ("/iot/v2/devices/{id}/tags/{key}", "delete", "devices_v2_tags#delete"),
        ("/iot/v2/dashboards/{id}", "patch", "dashboards_v2#patch"),
        ("/iot/v2/dashboards/{id}/shares/{user_id}", "delete", "dashboards_v2#deleteShare"),
        ("/iot/v2/dashboards/{id}/widgets/{widgetId}/variables", "put", "dashboards_v2#link"),
        ("/iot/v3/dashboards/{id}/template", "get", "dashboards_v3#template"),
        ("/iot/v2/series/historic_data", "post", "series_v2#historic_data"),
    ],
)
async def test_names_are_the_official_ones(world: World, path: str, method: str, name: str) -> None:
    assert (await document(world))["paths"][path][method]["operationId"] == name


class Links(HTMLParser):
    """What a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [str(value) for name, value in attrs if name in ("src", "href") and tag != "a"]


async def test_the_page_lists_everything_and_loads_nothing(world: World) -> None:
    answer = await world.http.get("/iot/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for route in ROUTES:
        assert f"<code>{route.opt['operation'].path}</code>" in answer.text
    assert "unless <code>force</code> is set" in answer.text
    links = Links()
    links.feed(answer.text)
    assert links.loaded == []
    assert "http" not in answer.text.replace("http-equiv", "")
