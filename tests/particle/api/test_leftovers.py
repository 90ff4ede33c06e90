"""What a request leaves in memory: nothing that only the garbage collector could find.

The collector of a server comes by rarely, and a refused body may have been megabytes.
"""

from __future__ import annotations

import gc

import pytest

from rookery.particle.api.errors import ApiError
from tests.particle.api.conftest import World

FORM = "application/x-www-form-urlencoded"
PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'

BODIES = {
    "a form of too many fields": (FORM, b"&".join(b"a%d=1" % n for n in range(5_000))),
    "a form that is too deep": (FORM, b"a" + b"[a]" * 5_000 + b"=1"),
    "fields that are missing": (FORM, b"x=1"),
    "no JSON": ("application/json", b"[" * 5_000),
    "too many parts": ("multipart/form-data; boundary=x", PART * 5_000 + b"--x--\r\n"),
    "parts that end too early": ("multipart/form-data; boundary=x", PART * 3),
    "a header that does not end": ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * 5_000),
}


def errors() -> int:
    """How many refusals are in memory, those of other tests included."""
    return sum(isinstance(each, ApiError) for each in gc.get_objects())


@pytest.mark.parametrize("name", BODIES)
async def test_a_refused_body_is_gone_with_its_answer(world: World, name: str) -> None:
    kind, body = BODIES[name]
    headers = {"authorization": f"Bearer {world.token}", "content-type": kind}

    async def ask() -> int:
        return (await world.http.post("/v1/devices/events", content=body, headers=headers)).status_code

    assert await ask() == 400
    gc.collect()
    gc.disable()
    try:
        before = errors()
        assert await ask() == 400
        left = errors() - before
        kept = gc.collect()
    finally:
        gc.enable()
    assert left == 0
    # The closures of one call, not the parts of its body.
    assert kept < 1_000
