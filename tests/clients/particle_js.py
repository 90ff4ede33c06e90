"""`particle-api-js` as a Python object: method by method, with what a program would see of each."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, NamedTuple

from tests.clients.program import Message, Program, Refused


class Answer(NamedTuple):
    """What a method resolved to."""

    status: int
    body: Any


class Js:
    """One `Particle` object of the client."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def use(self, **options: Any) -> None:
        """Make it anew with these options of its constructor."""
        self.program.order("use", options=options)

    def __call__(self, method: str, **arguments: Any) -> Answer:
        """Call a method that must succeed."""
        result = self.program.order("call", method=method, arguments=arguments)
        return Answer(result["status"], result["body"])

    def refused(self, method: str, **arguments: Any) -> Answer:
        """Call a method that must fail; status and body as the client makes them of the answer."""
        try:
            answer = self(method, **arguments)
        except Refused as refused:
            return Answer(refused.details["status"], refused.details["body"])
        raise AssertionError(f"{method} was to be refused, and answered {answer}")

    def stream(self, stream: str, **arguments: Any) -> None:
        """Open an event stream under a name of ours; returns when the server has taken it."""
        self.program.order("stream", stream=stream, arguments=arguments)

    def stream_refused(self, **arguments: Any) -> Answer:
        """Try to open an event stream that must not be; status and body."""
        try:
            self.program.order("stream", stream="refused", arguments=arguments)
        except Refused as refused:
            return Answer(refused.details["status"], refused.details["body"])
        raise AssertionError(f"the stream of {arguments} was to be refused")

    def heard(self, stream: str, name: str, **fields: Any) -> Message:
        """Wait for an event of this name on the stream."""
        return self.program.wait("event", stream=stream, name=name, **fields)

    def abort(self, stream: str) -> None:
        """Close a stream."""
        self.program.order("abort", stream=stream)


def buffer(data: bytes) -> dict[str, str]:
    """What becomes a Buffer on the other side."""
    return {"$bytes": b64encode(data).decode()}
