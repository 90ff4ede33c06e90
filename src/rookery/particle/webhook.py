"""What a webhook is: the definition as people write it, checked once and kept in one spelling.

Fields are those of the vendor's definitions (reference 7.2), old spellings included: `eventName` for `event`, and
`deviceID`, `deviceId` or `deviceid`. Forms say "true" and hold JSON in texts; both are taken. What is unknown is left
out. `json`, `form` and `body` exclude each other; `json` may be a structure or the text of one, which need not be JSON
before its templates are filled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from rookery.particle.template import DeepTemplate, Template, TemplateError

WEBHOOK: Final = "Webhook"
METHODS: Final = ("GET", "POST", "PUT", "DELETE")
EVENT_LENGTH: Final = 64
"""Characters of an event's name: a longer prefix matches nothing (reference 3.5)."""
NAME_LENGTH: Final = 200
"""Characters of the label: a line of a page."""
DEFINITION_BYTES: Final = 64 * 1024
"""A definition as JSON: twice the longest template. It is kept in memory, compiled."""
HEADERS: Final = 40
"""Headers of a definition; the sender takes 64 with ours."""

_DEVICE = re.compile(r"[0-9a-f]{24}\Z")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z{}-]+\Z")
_OTHER_TYPES = ("AzureIotHub", "GoogleCloudPubSub", "GoogleMaps")


class DefinitionError(ValueError):
    """A definition that can not be accepted. `problems` are sentences, one for each; `str()` is all of them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class Definition(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A webhook as it is kept; encoded it has the vendor's names."""

    event: str
    """The begin of the names of events that set it off."""
    url: str
    name: str = ""
    request_type: str = "POST"
    json: Any = None
    form: dict[str, Any] | None = None
    body: str | None = None
    query: dict[str, Any] = msgspec.field(default_factory=dict)
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    auth: dict[str, str] | None = None
    """`username` and `password`."""
    response_topic: str | None = None
    error_response_topic: str | None = None
    response_template: str | None = None
    data_url_response_event: bool = False
    unchunked: bool = False
    no_defaults: bool = False
    reject_unauthorized: bool = True
    device_id: str | None = msgspec.field(default=None, name="deviceID")
    template: str | None = None
    mydevices: bool = False
    disabled: bool = False

    def matches(self, event: str, device_id: str) -> bool:
        """Whether this event, of this board, sets it off. What webhooks say themselves never does; who calls this
        knows it (`core.events.Event.triggers`)."""
        return (
            not self.disabled
            and event.startswith(self.event)
            and (self.device_id is None or self.device_id == device_id.lower())
        )

    def templates(self) -> list[Any]:
        """Everything in it that is a template and may name a secret."""
        found = [self.url, self.json, self.form, self.body, self.query, self.headers, self.auth]
        return [each for each in found if each is not None]

    def names(self) -> frozenset[str]:
        """The variables that the request needs: those of the event, and secrets."""
        return frozenset().union(*(DeepTemplate(each).names for each in self.templates()))


def read_definition(fields: Mapping[str, Any]) -> Definition:
    """The definition in a request's body.

    Raises:
        DefinitionError: with a sentence for each thing that is wrong.
    """
    return _Reader(fields).read()


class _Reader:
    """Reads field by field and gathers what is wrong."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        # Consoles send what was left empty, too.
        self._fields = {name: value for name, value in fields.items() if value is not None and value != ""}
        if not self._fields.get("form"):
            self._fields.pop("form", None)
        self.problems: list[str] = []

    def read(self) -> Definition:
        self._check_type()
        event = self._event()
        url = self._url()
        definition = Definition(
            event=event,
            url=url,
            name=self._text("name") or f"{event} for {_host(url)}",
            request_type=self._method(),
            json=self._payload("json"),
            form=self._object("form"),
            body=self._text("body", strip=False) or None,
            query=self._object("query") or {},
            headers=self._headers(),
            auth=self._auth(),
            response_topic=self._text("responseTopic") or None,
            error_response_topic=self._text("errorResponseTopic") or None,
            response_template=self._response_template(),
            data_url_response_event=self._flag("dataUrlResponseEvent"),
            unchunked=self._flag("unchunked"),
            no_defaults=self._flag("noDefaults"),
            reject_unauthorized=self._flag("rejectUnauthorized", default=True),
            device_id=self._device(),
            template=self._text("template") or None,
            mydevices=self._flag("mydevices"),
            disabled=self._flag("disabled"),
        )
        self._check_whole(definition)
        if self.problems:
            raise DefinitionError(self.problems)
        return definition

    def _wrong(self, sentence: str) -> None:
        self.problems.append(sentence)

    def _check_type(self) -> None:
        kind = self._fields.get("integration_type", WEBHOOK)
        if kind in _OTHER_TYPES:
            self._wrong(f"Integrations of type {kind} are not supported here; a Webhook can call the same service.")
        elif kind != WEBHOOK:
            self._wrong("integration_type must be Webhook.")

    def _check_whole(self, definition: Definition) -> None:
        payloads = [name for name in ("json", "form", "body") if name in self._fields]
        if len(payloads) > 1:
            self._wrong(f"{' and '.join(payloads)} can not be given together: a request has one body.")
        if len(definition.name) > NAME_LENGTH:
            self._wrong(f"name has at most {NAME_LENGTH} characters.")
        topics = (definition.response_topic, definition.error_response_topic, definition.response_template)
        try:
            for text in topics:
                Template(text or "")
            definition.names()
            size = len(msgspec.json.encode(definition))
        except TemplateError as error:
            self._wrong(str(error))
        except (TypeError, ValueError, RecursionError):
            self._wrong("The definition can not be written as JSON.")
        else:
            if size > DEFINITION_BYTES:
                self._wrong(f"A definition has at most {DEFINITION_BYTES} bytes.")

    def _event(self) -> str:
        event = self._text("event") or self._text("eventName")
        if not event:
            self._wrong("event is required: the begin of the names of events that set the webhook off.")
        elif len(event) > EVENT_LENGTH:
            self._wrong(f"event has at most {EVENT_LENGTH} characters.")
        return event

    def _url(self) -> str:
        url = self._text("url")
        if not url:
            self._wrong("url is required.")
        elif not url.startswith("{{") and (not re.match("https?://", url, re.IGNORECASE) or not _host(url)):
            self._wrong("url must begin with http:// or https:// and a host.")
        return url

    def _method(self) -> str:
        method = (self._text("requestType") or "POST").upper()
        if method not in METHODS:
            self._wrong(f"requestType must be one of {', '.join(METHODS)}.")
        return method

    def _device(self) -> str | None:
        found = next((text for name in ("deviceID", "deviceId", "deviceid") if (text := self._text(name))), None)
        if found is not None and not _DEVICE.match(found.lower()):
            self._wrong("deviceID must be the 24 hex digits of a device.")
        return found.lower() if found else None

    def _headers(self) -> dict[str, str]:
        headers = {name: _plain(value) for name, value in (self._object("headers") or {}).items()}
        if len(headers) > HEADERS:
            self._wrong(f"headers has at most {HEADERS} entries.")
        if any(not _HEADER.match(name.replace(" ", "") if "{{" in name else name) for name in headers):
            self._wrong("headers has a name that no header can have.")
        if any(re.search(r"[\r\n\0]", value) for value in headers.values()):
            self._wrong("headers has a value with a line end in it.")
        return headers

    def _auth(self) -> dict[str, str] | None:
        auth = self._object("auth")
        if not auth:
            return None
        if not isinstance(auth.get("username"), str) or not isinstance(auth.get("password", ""), str):
            self._wrong("auth must be an object with username and password.")
            return None
        return {"username": auth["username"], "password": auth.get("password", "")}

    def _response_template(self) -> str | None:
        value = self._fields.get("responseTemplate")
        if isinstance(value, dict | list):
            return msgspec.json.encode(value).decode()
        # An empty one is what consoles send for none.
        return self._text("responseTemplate", strip=False) or None

    def _payload(self, name: str) -> Any:
        value = self._fields.get(name)
        if value is None or isinstance(value, dict | list | str):
            return value
        self._wrong(f"{name} must be an object or a text.")
        return None

    def _object(self, name: str) -> dict[str, Any] | None:
        value = self._fields.get(name)
        if isinstance(value, str):
            try:
                value = msgspec.json.decode(value) if value.strip() else None
            except (msgspec.DecodeError, RecursionError):
                value = False
        if value is None:
            return None
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return value
        self._wrong(f"{name} must be an object.")
        return None

    def _text(self, name: str, *, strip: bool = True) -> str:
        value = self._fields.get(name, "")
        if isinstance(value, str):
            return value.strip() if strip else value
        self._wrong(f"{name} must be a text.")
        return ""

    def _flag(self, name: str, *, default: bool = False) -> bool:
        value = self._fields.get(name, default)
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("true", "1", "yes", "on"):
            return True
        if str(value).lower() in ("false", "0", "no", "off", ""):
            return False
        self._wrong(f"{name} must be true or false.")
        return default


def _host(url: str) -> str:
    """The host of a URL, as far as its templates leave one to be seen."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
