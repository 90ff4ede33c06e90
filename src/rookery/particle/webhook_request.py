"""From a webhook and an event to the request that goes out (reference 7.2 and 7.3).

Where the data goes: a POST or PUT has a body, form-encoded unless the definition says `json` or `body`; a GET or DELETE
has none, and its form fields become part of the query. Unless `noDefaults` says otherwise the fields `event`, `data`,
`published_at` and `coreid` are added to form and JSON, and to the query of a GET; a webhook of a product adds `userid`,
`fw_version` and `public`. What the definition names itself stays as it is.

The variables of templates, the stronger first: those the server makes, secrets, and the keys of data that is a JSON
object. So no board can speak for another, whatever it publishes. `PARTICLE_EVENT_JSON` is the whole event and
`PARTICLE_EVENT_BASE64` the same in base64, as the vendor's reference of webhooks has them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from rookery.core.outgoing import OutgoingRefused, OutgoingRequest
from rookery.particle.template import Budget, DeepTemplate, Template, TemplateError, text_of
from rookery.particle.webhook import Definition

USER_AGENT: Final = "ParticleBot/1.1 (https://docs.particle.io/webhooks)"
"""Receivers tell webhooks by it (reference 7.3)."""
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"


class HookEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as webhooks see it: texts, as streams show them (reference 6.3 and 6.7)."""

    name: str
    data: str | None
    """Binary data is a data URL here, structured data its JSON text."""
    device_id: str
    published_at: str
    """ISO 8601, milliseconds, Z."""
    event_id: str
    """A UUID."""
    product_id: str = ""
    """The number of the product; "" without one."""
    user_id: str = ""
    """The owner of the board."""
    version: str = ""
    """Of the firmware."""


class Webhook:
    """A definition whose templates are compiled: make it once, use it for every event.

    Args:
        product: it is a webhook of a product or of an organisation.

    Raises:
        TemplateError: a template in the definition is not one.
    """

    def __init__(self, definition: Definition, *, product: bool = False) -> None:
        self.definition = definition
        self.product = product
        self._url = Template(definition.url)
        self._query = DeepTemplate(definition.query)
        self._headers = DeepTemplate(definition.headers)
        self._auth = DeepTemplate(definition.auth)
        self._form = DeepTemplate(definition.form)
        self._json = DeepTemplate(definition.json)
        self._body = Template(definition.body or "")
        self.response_topic = Template(definition.response_topic or "")
        self.error_response_topic = Template(definition.error_response_topic or "")
        self.response_template = Template(definition.response_template or "")

    def request(self, event: HookEvent, secrets: Mapping[str, str] | None = None) -> OutgoingRequest:
        """The request for an event.

        Raises:
            OutgoingRefused: a template costs too much for this event, or the event can not be written down.
        """
        try:
            return self._request(event, {**variables_of_data(event), **(secrets or {}), **variables(event)})
        except TemplateError as error:
            raise OutgoingRefused(str(error)) from error
        except UnicodeError as error:
            raise OutgoingRefused("The event holds characters that can not be sent.") from error

    def _request(self, event: HookEvent, context: Mapping[str, Any]) -> OutgoingRequest:
        definition = self.definition
        budget = Budget()
        defaults = {} if definition.no_defaults else self._defaults(event)
        has_body = definition.request_type in ("POST", "PUT")
        url = self._url.render(context, budget).strip()
        query: dict[str, Any] = {}
        body, content_type, accept = b"", "", ""
        if not has_body:
            query = {**defaults, **(self._form.render(context, budget) or {})}
        elif definition.json is not None:
            body = self._json_body(self._json.render(context, budget), defaults)
            content_type = accept = JSON
        elif definition.body is not None:
            body = self._body.render(context, budget).encode(errors="replace")
        else:
            body = urlencoded({**defaults, **(self._form.render(context, budget) or {})}).encode()
            content_type = FORM
        query |= self._query.render(context, budget)
        headers = {
            "user-agent": USER_AGENT,
            **({"accept": accept} if accept else {}),
            **({"content-type": content_type} if content_type else {}),
        }
        if definition.auth is not None:
            auth = self._auth.render(context, budget)
            pair = f"{auth['username']}:{auth['password']}".encode(errors="replace")
            headers["authorization"] = f"Basic {b64encode(pair).decode()}"
        for name, value in self._headers.render(context, budget).items():
            headers[name.strip().lower()] = value
        return OutgoingRequest(
            method=definition.request_type,
            url=_with_query(url, urlencoded(query)),
            headers=tuple(headers.items()),
            body=body,
            verify=definition.reject_unauthorized,
        )

    def _defaults(self, event: HookEvent) -> dict[str, Any]:
        fields = {
            "event": event.name,
            "data": event.data or "",
            "published_at": event.published_at,
            "coreid": event.device_id,
        }
        if self.product:
            fields |= {"userid": event.user_id, "fw_version": event.version, "public": "false"}
        return fields

    def _json_body(self, rendered: Any, defaults: Mapping[str, Any]) -> bytes:
        if isinstance(rendered, str):
            if not defaults:
                return rendered.encode(errors="replace")
            parsed = _json_object(rendered)
            if parsed is None:
                # Not an object after all: the receiver sees what the template has made, and can say what is wrong.
                return rendered.encode(errors="replace")
            rendered = parsed
        if isinstance(rendered, dict):
            rendered = {**defaults, **rendered}
        return msgspec.json.encode(rendered)


def variables(event: HookEvent) -> dict[str, Any]:
    """The variables that the server makes (reference 7.3)."""
    whole: dict[str, Any] = {
        "event": event.name,
        "data": event.data,
        "published_at": event.published_at,
        "coreid": event.device_id,
        "event_id": event.event_id,
    }
    if event.product_id:
        whole |= {"product_id": event.product_id, "userid": event.user_id, "fw_version": event.version}
    text = msgspec.json.encode(whole)
    made: dict[str, Any] = {
        "DEVICE_ID": event.device_id,
        "EVENT_NAME": event.name,
        "EVENT_VALUE": event.data or "",
        "PUBLISHED_AT": event.published_at,
    }
    return {
        **{f"PARTICLE_{name}": value for name, value in made.items()},
        **{f"SPARK_{name}": value for name, value in made.items()},
        "PARTICLE_EVENT_ID": event.event_id,
        "PARTICLE_EVENT_JSON": text.decode(),
        "PARTICLE_EVENT_BASE64": b64encode(text).decode(),
        "PRODUCT_ID": event.product_id,
        "PRODUCT_USER_ID": event.user_id,
        "PRODUCT_VERSION": event.version,
    }


def variables_of_data(event: HookEvent) -> dict[str, Any]:
    """The keys of the event's data, where that is a JSON object."""
    return _json_object(event.data or "") or {}


def urlencoded(fields: Mapping[str, Any]) -> str:
    """Fields as `a=b&c=d`; what is not a text is its JSON. Blanks are %20, as the vendor sends them."""
    return "&".join(f"{_quoted(name)}={_quoted(_flat(value))}" for name, value in fields.items())


def _flat(value: Any) -> str:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else text_of(value)


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _with_query(url: str, query: str) -> str:
    if not query:
        return url
    url = url.partition("#")[0]
    return f"{url}{'&' if '?' in url else '?'}{query}"


def _json_object(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None
    return value if isinstance(value, dict) else None
