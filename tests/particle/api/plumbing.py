"""Routes that show what the plumbing makes of a request."""

from __future__ import annotations

from typing import Any

from rookery.core.errors import Conflict, Forbidden, WrongBearer
from rookery.gateways.asgi import Receive, Scope, Send
from rookery.particle.api.answers import NO_STORE, OK, json_answer
from rookery.particle.api.body import as_text
from rookery.particle.api.errors import device_not_recognised
from rookery.particle.api.operations import Auth, Call, operation
from rookery.particle.api.rate import Rate


class Stream:
    """An answer that sends itself."""

    def __init__(self, words: list[bytes], fails: bool = False) -> None:
        self.words = words
        self.fails = fails
        self.opened = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the words."""
        self.opened += 1
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for word in self.words:
            await send({"type": "http.response.body", "body": word, "more_body": True})
        if self.fails:
            raise RuntimeError("the stream broke")
        await send({"type": "http.response.body", "body": b"", "more_body": False})


STREAM = Stream([b":ok\n\n", b"data: 1\n\n"])


@operation("GET", "/v1/who")
async def who(call: Call) -> dict[str, Any]:
    """Who asks."""
    return {"id": call.who.person_id, "client": call.token.client_id}


@operation("POST PUT DELETE", "/v1/echo", "/v1/products/{product}/echo")
async def echo(call: Call) -> dict[str, Any]:
    """What came."""
    files = [[file.name, file.filename, len(file.data)] for file in await call.files()]
    return {"path": call.path, "query": call.query, "fields": await call.fields(), "files": files}


@operation("GET", "/v1/echo/{rest*}", auth=Auth.NONE)
async def rest(call: Call) -> str:
    """The rest of the path."""
    return call.path["rest"]


@operation("GET POST DELETE", "/v1/optional", auth=Auth.OPTIONAL)
async def optional(call: Call) -> bool:
    """Whether there was a token."""
    return call.grant is not None


@operation("GET", "/v1/demanding", auth=Auth.NONE)
async def demanding(call: Call) -> str:
    """Asks who it is without having asked for a token."""
    return call.who.person_id


@operation("GET", "/v1/basic", auth=Auth.BASIC_OR_TOKEN)
async def basic(call: Call) -> list[Any]:
    """The credentials."""
    return [call.basic, call.grant is not None]


@operation("POST", "/v1/basic", auth=Auth.BASIC_OR_OPTIONAL, status=201)
async def basic_or_nothing(call: Call) -> list[Any]:
    """The same."""
    return [call.basic, call.grant is not None]


@operation("DELETE", "/v1/nothing", auth=Auth.NONE)
async def nothing(call: Call) -> None:
    """No content."""


@operation("GET", "/v1/stream", auth=Auth.NONE, rate=Rate.STREAM)
async def stream(call: Call) -> Stream:
    """A stream."""
    return STREAM


@operation("GET", "/v1/broken", auth=Auth.NONE)
async def broken(call: Call) -> Stream:
    """A stream that breaks."""
    return Stream([b":ok\n\n"], fails=True)


@operation("GET", "/v1/bug/{token}", auth=Auth.NONE)
async def bug(call: Call) -> None:
    """Fails."""
    raise KeyError(call.path["token"])


@operation("GET HEAD", "/v1/headers")
async def headers(call: Call) -> Any:
    """Headers of its own, in answers and in errors."""
    call.requested_scope("product_1000:devices:list")
    if "fail" in call.query:
        raise Forbidden("No.")
    return json_answer(OK, headers=NO_STORE)


@operation("HEAD", "/v1/sims/{iccid}", auth=Auth.NONE)
async def sim(call: Call) -> None:
    """HEAD with a route of its own."""


@operation("GET", "/v1/fails/{how}")
async def fails(call: Call) -> None:
    """Errors of core and of this API."""
    how = call.path["how"]
    if how == "bearer":
        raise WrongBearer(call.who.bearer)
    if how == "conflict":
        raise Conflict("Somebody has it.")
    raise device_not_recognised(call.api.options.base_url)


@operation("POST", "/v1/large", max_body=10)
async def large(call: Call) -> int:
    """A limit of its own."""
    return len(await call.raw_body())


@operation("POST", "/v1/text", auth=Auth.NONE)
async def text(call: Call) -> Any:
    """One field, and what is known of the caller."""
    fields = await call.fields()
    return [as_text(fields.get("name"), "name"), await call.json(), call.peer_address, len(call.request_id)]


ROUTES = (
    who,
    echo,
    rest,
    optional,
    demanding,
    basic,
    basic_or_nothing,
    nothing,
    stream,
    broken,
    bug,
    headers,
    sim,
    fails,
    large,
    text,
)
