"""The OpenAPI document of what is served, made from the routes themselves, and a page that lists it.

Operation ids are those of the official document, so that code made from either calls the same names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler

import rookery
from rookery.arduino.api.answers import Answer, encode
from rookery.arduino.api.errors import CODES, ErrorBody
from rookery.arduino.api.operations import Call, Operation, operation

_REFERENCES = "#/components/schemas/{name}"
_ERROR = {"$ref": _REFERENCES.format(name="error")}
_SECURITY = "oauth2"


def document(described: Iterable[Operation], base_url: str) -> dict[str, Any]:
    """An OpenAPI 3.1 document."""
    described = list(described)
    types = [o.body.type for o in described if o.body is not None]
    types += [o.returns for o in described if o.returns is not None]
    schemas, components = msgspec.json.schema_components([*types, ErrorBody], ref_template=_REFERENCES)
    by_type = dict(zip(map(repr, types), schemas, strict=False))
    components["error"] = components.pop("ErrorBody")
    paths: dict[str, dict[str, Any]] = {}
    for item in described:
        paths.setdefault(item.path, {})[item.method.lower()] = _operation(item, by_type)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rookery: Arduino Application API",
            "version": rookery.__version__,
            "description": "What this server answers to clients of the Arduino Cloud. Not affiliated with Arduino.",
        },
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                _SECURITY: {
                    "type": "oauth2",
                    "description": "Access tokens are JWT; /iot/v1/clients/jwks.json has the keys that check them.",
                    "flows": {
                        "clientCredentials": {
                            "tokenUrl": f"{base_url}/iot/v1/clients/token",
                            "scopes": {"iot:devices": "Devices", "iot:things": "Things"},
                        }
                    },
                }
            },
        },
    }


def _operation(item: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", item.path)
    ]
    parameters += [
        {"name": p.name, "in": "query", "required": False, "schema": p.schema, "description": p.description}
        for p in item.query
    ]
    if not item.public:
        parameters.append(
            {
                "name": "X-Organization",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "format": "uuid"},
                "description": "The organisation to act in, instead of that of the token.",
            }
        )
    success: dict[str, Any] = {"description": "Done."}
    if item.returns is not None:
        success["content"] = {"application/json": {"schema": schemas[repr(item.returns)]}}
    responses: dict[str, Any] = {str(item.status): success}
    for status in sorted({*item.errors, 500}):
        responses[str(status)] = {
            "description": CODES[status].replace("_", " ").capitalize() + ".",
            "content": {"application/json": {"schema": _ERROR}},
        }
    out: dict[str, Any] = {
        "operationId": item.name,
        "tags": [item.name.partition("#")[0]],
        "summary": item.summary,
        "parameters": parameters,
        "responses": responses,
        "security": [] if item.public else [{_SECURITY: []}],
    }
    if item.body is not None:
        schema = schemas[repr(item.body.type)]
        kinds = ["application/json"]
        if "items" not in schema:
            kinds.append("application/x-www-form-urlencoded")
        out["requestBody"] = {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}
    return out


def page(described: Iterable[Operation]) -> str:
    """All operations as one plain HTML page that loads nothing."""
    rows = "\n".join(
        f"<tr><td><code>{item.method}</code></td><td><code>{escape(item.path)}</code></td>"
        f"<td>{_marked(item.summary)} <small>{escape(item.name)}</small></td></tr>"
        for item in described
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Rookery: Arduino Application API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; --paper: #fbfaf7; --ink: #1b2230; --quiet: #5b6472; --line: #dedbd2;
  --dawn: #c2471f; }}
@media (prefers-color-scheme: dark) {{ :root {{ --paper: #12161f; --ink: #e9e6df; --quiet: #a3a9b4; --line: #2b3242;
  --dawn: #ff8a5c; }} }}
body {{ margin: 0 auto; padding: 48px 24px; max-width: 70rem; background: var(--paper); color: var(--ink);
  font: 14px/1.45 system-ui, sans-serif; }}
h1 {{ margin: 0 0 16px; font-size: 28px; font-weight: 600; line-height: 1.2; }}
a {{ color: var(--dawn); }}
code {{ font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }}
small {{ color: var(--quiet); font-size: 12px; overflow-wrap: anywhere; }}
table {{ border-collapse: collapse; width: 100%; }}
td, th {{ border-bottom: 1px solid var(--line); padding: 4px 12px 4px 0; text-align: left; vertical-align: top; }}
@media (max-width: 40rem) {{ body {{ padding: 24px 16px; }} }}
</style></head><body>
<h1>Arduino Application API</h1>
<p>What this server answers to clients of the Arduino Cloud. The machine-readable form is
<a href="openapi.json">openapi.json</a>. An API key (<code>rookery key create NAME</code>) fetches a token; put the
address of this server for SERVER:</p>
<p><code>curl -d grant_type=client_credentials -d client_id=ID -d client_secret=SECRET
SERVER/iot/v1/clients/token</code></p>
<table><thead><tr><th>Method</th><th>Path</th><th>What it does</th></tr></thead><tbody>
{rows}
</tbody></table></body></html>
"""


def _marked(summary: str) -> str:
    """Text whose code stands between backticks, as HTML."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(summary))


def describing(routes: Sequence[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    """The two routes that describe these routes and themselves. The document is made when first asked for."""
    described = [route.opt["operation"] for route in routes]
    made: dict[str, bytes] = {}

    @operation("GET", "/iot/openapi.json", "openapi#json", "This document.", returns=dict[str, Any], public=True)
    async def show_document(call: Call) -> Answer:
        base_url = call.api.options.base_url
        if base_url not in made:
            made[base_url] = encode(document(described, base_url))
        return Answer(made[base_url])

    @operation("GET", "/iot/docs", "openapi#page", "A page that lists all operations.", public=True)
    async def show_page(call: Call) -> Answer:
        return Answer(page(described).encode(), media_type=b"text/html; charset=utf-8")

    own: list[HTTPRouteHandler] = [show_document, show_page]
    described += [route.opt["operation"] for route in own]
    return own
