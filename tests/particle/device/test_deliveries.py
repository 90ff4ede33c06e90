"""Events that boards obey reach a board from the cloud alone, never from another board of the same owner."""

from __future__ import annotations

import pytest

from tests.particle.device.board_world import Talk, World

SYSTEM = ("particle", "spark")
"""Every board subscribes to these two by itself (particle-device.md §4.7)."""


async def two(*prefixes: str) -> tuple[Talk, Talk]:
    """A board that has subscribed, and another of the same owner."""
    world = World()
    first, second = await world.claimed(), await world.claimed(number=2, device_id="cd" * 12)
    for prefix in prefixes:
        await first.subscribe(prefix)
    first.connection.sent.clear()
    return first, second


@pytest.mark.parametrize(
    ("name", "prefixes", "heard"),
    [
        # Seen with Device OS 6.2.0: the first of these set the flag of every other board.
        ("particle/device/updates/forced", SYSTEM, 0),
        ("particle/device/updates/enabled", SYSTEM, 0),
        ("particle/device/updates/pending", (*SYSTEM, "particle/device/"), 0),
        ("particle/device/updates/forced", (*SYSTEM, "particle/device/updates"), 0),
        ("spark/device/last_reset", (*SYSTEM, "spark/device"), 0),
        ("particle/other", SYSTEM, 0),
        ("particle/other", (*SYSTEM, "particle/oth"), 1),
        ("particles", SYSTEM, 0),
        ("temp", SYSTEM, 0),
        ("temp", (*SYSTEM, "te"), 1),
    ],
)
async def test_what_other_boards_hear_of_a_board(name: str, prefixes: tuple[str, ...], heard: int) -> None:
    first, second = await two(*prefixes)
    await second.publish(name, b"true")
    assert [sent.path for sent in first.connection.sent] == [["E", *name.split("/")]] * heard


async def test_a_program_does_not_hear_its_own_board_report() -> None:
    first, _ = await two(*SYSTEM, "particle/device/")
    await first.publish("particle/device/updates/enabled", b"true")
    assert first.connection.sent == []


async def test_the_cloud_still_says_what_it_has_to_say() -> None:
    first, _ = await two(*SYSTEM)
    await first.publish("particle/device/name")
    (sent,) = first.connection.sent
    assert sent.path == ["E", "particle", "device", "name"]


async def test_a_board_that_hears_only_the_cloud_is_asked_about_no_event() -> None:
    first, _ = await two(*SYSTEM)
    assert len(first.world.services.events.subscribers) == 0
    await first.subscribe("door")
    assert len(first.world.services.events.subscribers) == 1
