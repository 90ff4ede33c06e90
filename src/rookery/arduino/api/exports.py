"""Historic data as a file: ask for it, see how far it is, fetch it (reference 5.6).

The vendor's service sends a link by e-mail. Here it does where the server can send mail (`mail_server`), and the link
is always shown to whoever asked, on a path of our own; it works without a token, because that is what a link in a mail
or a browser does, and until its time is over.
"""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.types import Receive, Scope, Send

from rookery.arduino.api.answers import CORS_HEADERS, Answer
from rookery.arduino.api.bins import in_bounds
from rookery.arduino.api.body import Body, Moment, Uuid
from rookery.arduino.api.errors import bad_field
from rookery.arduino.api.operations import Call, operation
from rookery.arduino.api.times import format_time
from rookery.core.errors import NotFound
from rookery.core.exports import Download, Export, ExportState, MailState

PROPERTIES_LIMIT = 1_000
"""Properties of one export, as many as there are queries in one call for series."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class HistoricData(msgspec.Struct, kw_only=True):
    """`HistoricDataRequest`."""

    properties: Annotated[list[Uuid], msgspec.Meta(min_length=1, max_length=PROPERTIES_LIMIT)]
    start: Moment = msgspec.field(name="from")
    end: Moment = msgspec.field(name="to")


class ExportView(msgspec.Struct, omit_defaults=True, kw_only=True):
    """An export. While it is written, `rows` of `total` are done; `rows`, `size` (bytes) and `link` come when it is
    ready, `detail` when it has failed. `mail` says
    whether the link was sent by mail: `waiting`, `sent`, or `failed` and why in `mail_detail`."""

    id: str
    state: ExportState
    properties: list[str]
    start: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")
    created_at: str
    expires_at: str | None = None
    rows: int | None = None
    total: int | None = None
    size: int | None = None
    link: str | None = None
    detail: str | None = None
    mail: MailState | None = None
    mail_detail: str | None = None


_HISTORIC = Body(HistoricData)


def link_of(base_url: str, token: str) -> str:
    """The address of the file of an export."""
    return f"{base_url}/iot/exports/{token}"


def export_view(call: Call, export: Export) -> ExportView:
    """How an export is shown to whoever asked for it."""
    ready = export.state is ExportState.READY
    running = export.state is ExportState.RUNNING
    return ExportView(
        id=export.id,
        state=export.state,
        properties=[part.variable_id for part in export.parts],
        start=format_time(export.start),
        end=format_time(export.end),
        created_at=format_time(export.created_at),
        expires_at=format_time(export.expires_at) if export.expires_at is not None else None,
        rows=export.rows if ready or running else None,
        total=export.total if running else None,
        size=export.size if ready else None,
        link=link_of(call.api.options.base_url, call.api.exports.token(export)) if ready else None,
        detail=export.reason or None,
        mail=export.mail if export.mail is not MailState.NONE else None,
        mail_detail=export.mail_reason or None,
    )


class FileAnswer(Answer):
    """A file, sent piece by piece as fast as the client takes it."""

    __slots__ = ("_download",)

    def __init__(self, download: Download, name: str) -> None:
        super().__init__()
        self._download = download
        self._raw_headers = [
            (b"content-type", b"application/zip"),
            *CORS_HEADERS,
            (b"content-length", b"%d" % download.size),
            (b"content-disposition", b'attachment; filename="%s"' % name.encode("ascii")),
            (b"cache-control", b"private, no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, unless the client goes away before the end."""
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await send({"type": "http.response.start", "status": self.status, "headers": self._raw_headers})
            while not gone.done() and (chunk := await self._download.read()):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            self._download.close()


async def _gone(receive: Receive) -> None:
    message: Any = {}
    while message.get("type") != "http.disconnect":
        message = await receive()


@operation(
    "POST",
    "/iot/v2/series/historic_data",
    "series_v2#historic_data",
    "Ask for the stored values of properties as a file; GET /iot/v1/exports shows the link to it.",
    body=_HISTORIC,
    status=202,
    errors=(400, 401, 403, 404, 503),
)
async def ask_for_history(call: Call) -> None:
    """Nothing yet: the file is written in the background."""
    body = await call.body(_HISTORIC)
    if body.start >= body.end:
        raise bad_field("from", "from: The start must be before the end.")
    try:
        await call.api.exports.ask(call.who, body.properties, in_bounds(body.start), in_bounds(body.end))
    except NotFound:
        raise NotFound("There is no such property.") from None


@operation(
    "GET",
    "/iot/v1/exports",
    "exports_v1#list",
    "The exports that you have asked for, with the links to their files.",
    returns=list[ExportView],
    errors=(401,),
)
async def list_exports(call: Call) -> list[ExportView]:
    """The caller's exports, oldest first."""
    return [export_view(call, export) for export in call.api.exports.of(call.who)]


@operation(
    "GET",
    "/iot/exports/{token}",
    "exports_v1#download",
    "The file of an export: a ZIP with a CSV for each property. The link is its own permission.",
    errors=(404,),
    public=True,
)
async def download_export(call: Call) -> Answer:
    """The file."""
    token = call.segment("token")
    if not _TOKEN.fullmatch(token):
        raise NotFound("There is no such export, or its time is over.")
    export, download = await call.api.exports.read(token)
    return FileAnswer(download, f"history-{format_time(export.created_at)[:10]}.zip")


ROUTES: list[HTTPRouteHandler] = [ask_for_history, list_exports, download_export]
