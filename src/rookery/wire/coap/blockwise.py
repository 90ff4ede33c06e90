"""A machine around the endpoint that cuts and joins bodies, so that nobody above sees a block (RFC 7959).

It has the methods of `Endpoint` and the same `Sink`, and is used in its place. Four things happen within:

* a request that arrives in blocks (Block1) is joined; every block but the last is answered with 2.31, the last one is
  the request that the sink gets, and its response carries the Block1 option back (RFC 7959, 2.5);
* a response of ours that is longer than a block is cut, marked with an ETag where it has none, and kept until the peer
  has fetched its last block or is silent for too long (2.4);
* a response that arrives in blocks (Block2) is fetched, each block with a new request, and joined;
* a request of ours that is longer than a block is sent in blocks, in the size that the peer asks for.

Bodies grow in order; a block out of order is answered with 4.08. All of it is optional in one direction: with
`block_bytes=None` nothing of ours is cut, because there are peers that read whole messages only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar
from zlib import crc32

from rookery.wire.coap.block import Block, Body
from rookery.wire.coap.endpoint import Endpoint
from rookery.wire.coap.errors import BadBlock, TooBusy
from rookery.wire.coap.exchange import NEVER, Exchange, Failure, Sink
from rookery.wire.coap.message import Code, Message, Options
from rookery.wire.coap.options import BLOCK1, BLOCK2, ETAG, SIZE1, SIZE2, STANDARD, OptionTable, cache_key
from rookery.wire.coap.parameters import Limits, Quirks, Transmission

Key = tuple[int, Options]
_BLOCKS: Final = frozenset((BLOCK1, BLOCK2, SIZE1, SIZE2))


def _without_blocks(options: Options) -> Options:
    return tuple(option for option in options if option[0] not in _BLOCKS)


class Transfer:
    """A request of ours, over as many blocks as it takes. For callers: an opaque handle for `cancel`."""

    __slots__ = (
        "body",
        "code",
        "confirmable",
        "context",
        "exchange",
        "expires",
        "options",
        "payload",
        "upload",
    )

    def __init__(self, code: int, options: Options, payload: bytes, context: object) -> None:
        self.code = code
        self.options = options
        self.payload = payload
        self.context = context
        self.confirmable = True
        self.expires = 0.0
        self.exchange: Exchange | None = None
        self.upload: Block | None = None
        self.body: Body | None = None


class _Kept:
    """A body that is given up when nobody continues it until `expires`."""

    __slots__ = ("expires",)
    expires: float


class _Serving(_Kept):
    """A response of ours that the peer fetches in blocks."""

    __slots__ = ("body", "code", "options")

    def __init__(self, code: int, options: Options, body: bytes) -> None:
        self.expires = 0.0
        self.code = code
        self.options = options
        self.body = body


class _Receiving(_Kept):
    """A request that arrives in blocks."""

    __slots__ = ("body",)

    def __init__(self, body: Body) -> None:
        self.expires = 0.0
        self.body = body


_SomeKept = TypeVar("_SomeKept", bound=_Kept)


def _keep(bodies: dict[Key, _SomeKept], key: Key, body: _SomeKept, expires: float, most: int) -> None:
    """At the end, so that the first is always the oldest; which goes when there are too many."""
    if len(bodies) >= most:
        del bodies[next(iter(bodies))]
    body.expires = expires
    bodies[key] = body


def _drop_old(bodies: dict[Key, _SomeKept], now: float) -> None:
    while bodies:
        key = next(iter(bodies))
        if bodies[key].expires > now:
            break
        del bodies[key]


class _Asked:
    """What has to be known of a request when its response comes."""

    __slots__ = ("_message", "block1", "block2", "last", "receiving")

    def __init__(self, message: Message) -> None:
        self._message = message
        self.block1: Block | None = None
        self.block2: Block | None = None
        self.receiving: _Receiving | None = None
        self.last = 0

    @property
    def key(self) -> Key:
        """By which the blocks of one body know each other."""
        return self._message.code, cache_key(self._message.options)


class Blockwise:
    """The machine. Arguments as for `Endpoint`; `block_bytes` is the size in which we cut, None for never."""

    __slots__ = ("_asked", "_block_bytes", "_limits", "_receiving", "_serving", "_sink", "endpoint", "joins")

    def __init__(
        self,
        sink: Sink,
        *,
        random: Callable[[], float],
        block_bytes: int | None = 1_024,
        reliable: bool = False,
        transmission: Transmission | None = None,
        limits: Limits | None = None,
        quirks: Quirks | None = None,
        options: OptionTable = STANDARD,
        message_id: int | None = None,
    ) -> None:
        if block_bytes is not None:
            Block(0, False, block_bytes).value()  # a size that there is
        self.joins = True
        """Whether requests in blocks are taken. A shell that does not know the peer yet says no: bodies are what costs
        the most memory, and the application does not see them before they are whole."""
        self._sink = sink
        self._block_bytes = block_bytes
        self._limits = limits or Limits()
        self._asked: dict[int, _Asked] = {}
        self._receiving: dict[Key, _Receiving] = {}
        self._serving: dict[Key, _Serving] = {}
        self.endpoint = Endpoint(
            self,
            random=random,
            reliable=reliable,
            transmission=transmission,
            limits=self._limits,
            quirks=quirks,
            options=options,
            message_id=message_id,
        )

    # The shell's side

    def feed(self, now: float, data: bytes) -> None:
        """Take one message from the peer; see `Endpoint.feed`."""
        self.endpoint.feed(now, data)

    def deadline(self) -> float | None:
        """When `tick` has to be called next; None when nothing waits."""
        due = self.endpoint.deadline()
        if self._receiving:
            due = min(next(iter(self._receiving.values())).expires, NEVER if due is None else due)
        if self._serving:
            due = min(next(iter(self._serving.values())).expires, NEVER if due is None else due)
        return due

    def tick(self, now: float) -> None:
        """As `Endpoint.tick`; forgets bodies that nobody continued."""
        _drop_old(self._receiving, now)
        _drop_old(self._serving, now)
        self.endpoint.tick(now)

    def close(self, now: float) -> None:
        """As `Endpoint.close`."""
        self._asked.clear()
        self._receiving.clear()
        self._serving.clear()
        self.endpoint.close(now)

    # Requests of the peer

    def write(self, data: bytes) -> None:
        """For the endpoint."""
        self._sink.write(data)

    def request(self, now: float, ticket: int, message: Message) -> bool:
        """For the endpoint: a request, or a block of one."""
        asked = _Asked(message)
        blocks = False
        for number, value in message.options:
            if number in (BLOCK1, BLOCK2):
                try:
                    block = Block.read(value)
                except BadBlock:
                    self._answer(now, ticket, Code.BAD_REQUEST)  # RFC 7959, 2.2
                    return False
                blocks = True
                if number == BLOCK1:
                    asked.block1 = block
                else:
                    asked.block2 = block
        if blocks:
            joined = self._join(now, ticket, message, asked)
            if joined is None:
                return False
            message = joined
        self._asked[ticket] = asked
        done = self._sink.request(now, ticket, message)
        if done:
            self._answered(ticket)
        return done

    def _answered(self, ticket: int) -> _Asked | None:
        """Nobody waits for this any more. An empty table gives its room back."""
        asked = self._asked.pop(ticket, None)
        if not self._asked:
            self._asked = {}
        return asked

    def _join(self, now: float, ticket: int, message: Message, asked: _Asked) -> Message | None:
        """The whole request, or None when its block has been answered here."""
        payload = message.payload
        block = asked.block1
        if block is not None:
            if not self.joins:
                self._answer(now, ticket, Code.REQUEST_ENTITY_TOO_LARGE, ((BLOCK1, block.value()),))
                return None
            receiving = self._receiving.pop(asked.key, None)
            if not block.number:
                receiving = _Receiving(Body(self._limits.body_bytes))
            echo = ((BLOCK1, block.value()),)
            if receiving is None or not receiving.body.fits(block):
                self._answer(now, ticket, Code.REQUEST_ENTITY_INCOMPLETE, echo)  # RFC 7959, 2.9.2
                return None
            before = len(receiving.body.data)
            try:
                last = receiving.body.add(block, payload)
            except BadBlock:
                too_long = before + len(payload) > self._limits.body_bytes
                code = Code.REQUEST_ENTITY_TOO_LARGE if too_long else Code.BAD_REQUEST  # RFC 7959, 2.9.3
                self._answer(now, ticket, code, echo)
                return None
            if not last:
                self._keep_receiving(now, asked.key, receiving)
                self._answer(now, ticket, Code.CONTINUE, echo)
                return None
            payload = bytes(receiving.body.data)
            asked.receiving = receiving
            asked.last = before
        elif asked.block2 is not None and asked.block2.number:
            serving = self._serving.get(asked.key)
            if serving is not None and serving.expires > now:
                try:
                    self._serve(now, ticket, asked, serving, asked.block2)
                except TooBusy:
                    self.endpoint.forget(now, ticket)
                return None
        options = _without_blocks(message.options)
        return Message(message.kind, message.code, message.message_id, message.token, options, payload)

    def _answer(self, now: float, ticket: int, code: int, options: Options = ()) -> None:
        """An answer that the application does not know of. Where no identifier is free for it (the request was
        Non-confirmable, one of 65,536 within minutes) there is none: that is not an error of whoever feeds us."""
        try:
            self.endpoint.respond(now, ticket, code, options)
        except TooBusy:
            self.endpoint.forget(now, ticket)

    def _keep_receiving(self, now: float, key: Key, receiving: _Receiving) -> None:
        _keep(self._receiving, key, receiving, now + self._limits.body_seconds, self._limits.bodies)

    def respond(
        self, now: float, ticket: int, code: int, options: Options = (), payload: bytes = b"", context: object = None
    ) -> bool:
        """As `Endpoint.respond`, for bodies of any length.

        Raises:
            LocalError: such a response cannot be written; the ticket stays open.
        """
        asked = self._asked.get(ticket)
        if asked is None:
            return False
        if asked.block1 is not None:
            options = (*options, (BLOCK1, asked.block1._replace(more=False).value()))
        size = self._block_bytes
        if asked.block2 is not None:
            size = min(asked.block2.size, size or asked.block2.size)
        number = asked.block2.number if asked.block2 is not None else 0
        if size is not None and (number or len(payload) > size):
            if asked.block2 is not None and size != asked.block2.size:
                number = asked.block2.offset // size  # RFC 7959, 2.4: the same place in smaller blocks
            if not any(option[0] == ETAG for option in options):
                options = (*options, (ETAG, crc32(payload).to_bytes(4, "big")))
            serving = _Serving(code, options, payload)
            done = self._serve(now, ticket, asked, serving, Block(number, False, size), context)
        else:
            done = self.endpoint.respond(now, ticket, code, options, payload, context)
        self._answered(ticket)
        return done

    def _serve(
        self, now: float, ticket: int, asked: _Asked, serving: _Serving, block: Block, context: object = None
    ) -> bool:
        if self._block_bytes is not None and block.size > self._block_bytes:
            block = Block(block.offset // self._block_bytes, False, self._block_bytes)
        start = block.offset
        if start >= len(serving.body):
            return self.endpoint.respond(now, ticket, Code.BAD_REQUEST, context=context)
        piece = serving.body[start : start + block.size]
        more = start + block.size < len(serving.body)
        value = block._replace(more=more).value()
        options = (*serving.options, (BLOCK2, value))
        done = self.endpoint.respond(now, ticket, serving.code, options, piece, context)
        self._serving.pop(asked.key, None)
        if more:
            _keep(self._serving, asked.key, serving, now + self._limits.body_seconds, self._limits.bodies)
        return done

    def acknowledge(self, now: float, ticket: int) -> bool:
        """As `Endpoint.acknowledge`."""
        self._answered(ticket)
        return self.endpoint.acknowledge(now, ticket)

    def forget(self, now: float, ticket: int) -> bool:
        """As `Endpoint.forget`. Of a request in blocks the last one may come again."""
        asked = self._answered(ticket)
        if asked is not None and asked.receiving is not None and asked.last:
            del asked.receiving.body.data[asked.last :]
            self._keep_receiving(now, asked.key, asked.receiving)
        return self.endpoint.forget(now, ticket)

    # Requests of ours

    def send(
        self,
        now: float,
        code: int,
        options: Options = (),
        payload: bytes = b"",
        *,
        context: object = None,
        timeout: float,
        confirmable: bool = True,
        response: bool = True,
        token: bytes | None = None,
    ) -> Exchange | Transfer:
        """As `Endpoint.send`, for bodies of any length in both directions. `timeout` is for the whole of it. What
        has no response, or a token of the caller's, is one message.

        Raises:
            TooBusy: too much is not finished.
            LocalError: such a request cannot be written.
        """
        if not response or token is not None:
            return self.endpoint.send(
                now,
                code,
                options,
                payload,
                context=context,
                timeout=timeout,
                confirmable=confirmable,
                response=response,
                token=token,
            )
        transfer = Transfer(code, options, payload, context)
        transfer.confirmable = confirmable
        transfer.expires = now + timeout
        size = self._block_bytes
        if size is not None and len(payload) > size:
            transfer.upload = Block(0, True, size)
        self._ask(now, transfer)
        return transfer

    def ping(self, now: float, *, timeout: float, context: object = None) -> Exchange:
        """As `Endpoint.ping`."""
        return self.endpoint.ping(now, timeout=timeout, context=context)

    def cancel(self, now: float, handle: Exchange | Transfer) -> None:
        """As `Endpoint.cancel`."""
        exchange = handle.exchange if isinstance(handle, Transfer) else handle
        if exchange is not None:
            self.endpoint.cancel(now, exchange)

    def _ask(self, now: float, transfer: Transfer) -> None:
        options, payload = transfer.options, transfer.payload
        block = transfer.upload
        if transfer.body is not None:
            # The next block of the response; what the request carried has arrived (RFC 7959, 3.3).
            size = transfer.body.block_size
            options = _without_blocks(options)
            options = (*options, (BLOCK2, Block(len(transfer.body.data) // size, False, size).value()))
            payload = b""
        elif block is not None:
            options = (*options, (BLOCK1, block.value()))
            payload = payload[block.offset : block.offset + block.size]
        transfer.exchange = self.endpoint.send(
            now,
            transfer.code,
            options,
            payload,
            context=transfer,
            timeout=transfer.expires - now,
            confirmable=transfer.confirmable,
        )

    def response(self, now: float, context: object, message: Message) -> None:
        """For the endpoint: a response, or a block of one."""
        if not isinstance(context, Transfer):
            self._sink.response(now, context, message)
            return
        try:
            whole = self._take(context, message)
        except BadBlock:
            self._sink.failed(now, context.context, Failure.BAD_BODY)
            return
        if whole is not None:
            self._sink.response(now, context.context, whole)
        elif context.expires <= now:
            self._sink.failed(now, context.context, Failure.TIMEOUT)
        else:
            try:
                self._ask(now, context)
            except TooBusy:
                self._sink.failed(now, context.context, Failure.BUSY)

    def _take(self, transfer: Transfer, message: Message) -> Message | None:
        """The whole response, or None when there is a next block to ask for."""
        block = transfer.upload
        if block is not None and block.more and message.code == Code.CONTINUE:
            self._next_upload(transfer, block, message)
            return None
        value = message.first(BLOCK2)
        if value is None:
            if transfer.body is not None and message.is_success:
                raise BadBlock("a block without its option", "RFC 7959, 2.4")
            return message
        received = Block.read(value)
        tag = message.first(ETAG)
        body = transfer.body
        if body is None:
            if not received.more and not received.number:
                return _whole(message, message.payload)
            body = transfer.body = Body(self._limits.body_bytes)
            body.tag = tag
        elif body.tag != tag:
            raise BadBlock("the body has changed meanwhile", "RFC 7959, 2.4")
        body.block_size = received.size
        if body.add(received, message.payload):
            return _whole(message, bytes(body.data))
        return None

    def _next_upload(self, transfer: Transfer, block: Block, message: Message) -> None:
        value = message.first(BLOCK1)
        if value is None:
            raise BadBlock("2.31 without Block1", "RFC 7959, 2.9.1")
        size = Block.read(value).size
        if size > block.size:
            raise BadBlock("larger blocks than we send", "RFC 7959, 2.5")
        # The peer may ask for smaller ones; then what was sent counts in those.
        sent = block.offset + block.size
        transfer.upload = Block(sent // size, sent + size < len(transfer.payload), size)

    def acknowledged(self, now: float, context: object) -> None:
        """For the endpoint."""
        self._sink.acknowledged(now, context)

    def failed(self, now: float, context: object, failure: Failure) -> None:
        """For the endpoint."""
        self._sink.failed(now, context.context if isinstance(context, Transfer) else context, failure)


def _whole(message: Message, body: bytes) -> Message:
    options = _without_blocks(message.options)
    return Message(message.kind, message.code, message.message_id, message.token, options, body)
