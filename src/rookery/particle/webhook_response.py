"""From what came back to the events that tell of it (reference 7.5).

A request that goes out is told by `hook-sent/<event>`, an answer by `hook-response/<event>/<n>` in pieces, anything
else by `hook-error/<event>/<n>`. In a product the last two begin with the id of the board, so that each hears only its
own. A definition may name other topics; a piece is numbered unless the definition wants the answer in one.

None of these events ever sets off a webhook: publish them with `triggers=False`.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Final

import msgspec

from rookery.core.outgoing import OutgoingResponse
from rookery.particle.device.events import is_reserved
from rookery.particle.template import Template, TemplateError
from rookery.particle.webhook_request import HookEvent, Webhook, variables, variables_of_data

SOURCE: Final = "particle-internal"
"""`coreid` of these events."""
PIECE: Final = 512
"""Bytes of a piece."""
WHOLE: Final = 100 * 1024
"""Bytes of an answer that are published at most."""
TOPIC: Final = 256
"""Characters of a topic: two names and a board's id are 160."""
INDEXES: Final = 1_000
"""Elements of an answer that is a list, which a template can name (`{{0.name}}`)."""
SLEEPING: Final = "Sleeping, too many errors, please wait and try again"
"""What is told of an attempt that was skipped (reference 7.4)."""


class Publication(msgspec.Struct, frozen=True):
    """An event to publish."""

    name: str
    data: str | None


def sent(event: HookEvent) -> Publication:
    """The request has gone out."""
    return Publication(f"hook-sent/{event.name}", None)


def answered(webhook: Webhook, event: HookEvent, response: OutgoingResponse, host: str) -> list[Publication]:
    """The events that tell of an answer, good or not; none where a good one says nothing."""
    if not response.good:
        return failed(webhook, event, f"error status {response.status} from {host}")
    try:
        text = _text(webhook, event, response)
        topic = _topic(webhook, event, webhook.response_topic, "hook-response")
    except TemplateError as error:
        return failed(webhook, event, str(error))
    if len(text.encode(errors="replace")) > WHOLE:
        return failed(webhook, event, f"The response of {host} is longer than {WHOLE} bytes.")
    return _pieces(webhook, topic, text)


def failed(webhook: Webhook, event: HookEvent, text: str) -> list[Publication]:
    """The events that tell of an error."""
    try:
        topic = _topic(webhook, event, webhook.error_response_topic, "hook-error")
    except (TemplateError, UnicodeError):
        topic = _default_topic(webhook, event, "hook-error")
    return _pieces(webhook, topic, text)


def pieces(text: str, size: int = PIECE) -> list[str]:
    """The text in pieces of this many bytes of UTF-8, or as few less as keep its characters whole."""
    data = text.encode(errors="replace")
    found: list[str] = []
    start = 0
    while start < len(data):
        end = min(start + size, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        found.append(data[start:end].decode())
        start = end
    return found


def _pieces(webhook: Webhook, topic: str, text: str) -> list[Publication]:
    if not text:
        return []
    if webhook.definition.unchunked:
        return [Publication(topic, text)]
    return [Publication(f"{topic}/{number}", piece) for number, piece in enumerate(pieces(text))]


def _text(webhook: Webhook, event: HookEvent, response: OutgoingResponse) -> str:
    if webhook.definition.response_template:
        # Secrets are left out: what comes out is published.
        answer = _parsed(response.body)
        if isinstance(answer, list):
            answer = {str(index): each for index, each in enumerate(answer[:INDEXES])}
        elif not isinstance(answer, dict):
            answer = {}
        return webhook.response_template.render({**variables_of_data(event), **answer, **variables(event)})
    if webhook.definition.data_url_response_event:
        kind = response.header("content-type").partition(";")[0].strip() or "application/octet-stream"
        return f"data:{kind};base64,{b64encode(response.body).decode()}" if response.body else ""
    return response.body.decode(errors="replace")


def _parsed(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None


def _topic(webhook: Webhook, event: HookEvent, template: Template, default: str) -> str:
    if not template.text:
        return _default_topic(webhook, event, default)
    topic = template.render({**variables_of_data(event), **variables(event)}).strip()
    if not topic or len(topic) > TOPIC:
        raise TemplateError(f"The topic of the response must have 1 to {TOPIC} characters.")
    if is_reserved(topic):
        # Data of a board may be in it: nobody is to say through a webhook what only the cloud says.
        raise TemplateError("The topic of the response must not begin with spark or particle.")
    return topic


def _default_topic(webhook: Webhook, event: HookEvent, kind: str) -> str:
    return f"{event.device_id}/{kind}/{event.name}" if webhook.product else f"{kind}/{event.name}"
