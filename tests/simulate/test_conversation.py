"""Simulated boards in conversation with the server: what each believes the other has said."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from rookery.core.records import Thing
from rookery.simulate.board import Board
from rookery.simulate.cpp_board import CppBoard
from rookery.simulate.python_board import PythonBoard
from rookery.simulate.sensors import ALL
from tests.simulate.world import World

KINDS: list[type[Board]] = [CppBoard, PythonBoard]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = await World.open()
    yield world
    await world.stop()


def is_online(board: Board) -> bool:
    """A function, because a property that was true a moment ago may not be any more."""
    return board.online


def thing_of(board: Board) -> str | None:
    """A function for the same reason."""
    return board.thing_id


def same(shown: object, held: object) -> bool:
    """Whether the server shows what the board holds: 32-bit floats have seven digits."""
    if isinstance(held, dict):
        return isinstance(shown, dict) and all(same(shown[k], v) for k, v in held.items())
    return shown == (pytest.approx(held, rel=1e-6) if isinstance(held, float) else held)


async def agreed(world: World, board: Board, thing: Thing) -> bool:
    shown = await world.shown(thing)
    return set(shown) == set(board.sketch.values) and all(same(shown[k], v) for k, v in board.sketch.values.items())


@pytest.mark.parametrize("kind", KINDS)
async def test_a_board_comes_up_with_every_sensor(world: World, kind: type[Board]) -> None:
    board, device, thing = await world.plug(kind, *ALL)
    await world.live(3)
    assert is_online(board)
    assert world.services.devices.online(device)
    assert thing_of(board) == thing.id
    assert await agreed(world, board, thing)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_board_lives_for_an_hour_and_every_change_arrives(world: World, kind: type[Board]) -> None:
    board, _, thing = await world.plug(kind, *ALL)
    await world.live(3_600)
    assert (board.losses, board.trouble) == (0, "")
    # A change every 3 s in the mean; some are read and have not changed.
    assert 900 < board.messages < 1_300
    live = await world.services.live.get(thing.id)
    assert live is not None
    points = sum([await world.telemetry.count(v.series, 0, 1 << 62) for v in live.by_symbol.values()])
    assert points >= board.messages


@pytest.mark.parametrize("kind", KINDS)
async def test_a_write_reaches_the_board_and_comes_back(world: World, kind: type[Board]) -> None:
    board, _, thing = await world.plug(kind, "light", "color")
    await world.live(3)
    await world.set(thing, light=True, color={"hue": 10.0, "sat": 20.0, "bri": 30.0})
    await world.live(2)
    assert board.sketch.values == {"light": True, "color": {"hue": 10.0, "sat": 20.0, "bri": 30.0}}
    await world.live(60)
    # What somebody has set stays until somebody sets it again.
    assert board.sketch.values["color"] == {"hue": 10.0, "sat": 20.0, "bri": 30.0}
    assert board.losses == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_set_survives_a_restart_of_the_board(world: World, kind: type[Board]) -> None:
    board, device, thing = await world.plug(kind, "light", "temperature")
    await world.live(3)
    await world.set(thing, light=True)
    await world.live(2)
    board.stop()
    await world.settle()
    assert not world.services.devices.online(device)
    again = kind(board.identity, type(board.sketch)(("light", "temperature"), board.sketch._random, 0), world.clock)
    wire = type(world.wires[0])(world, again)
    world.wires.append(wire)
    again.start(wire)
    await world.live(3)
    assert again.sketch.values["light"] is True
    assert (await world.shown(thing))["light"] is True


@pytest.mark.parametrize("kind", KINDS)
async def test_a_board_comes_back_after_the_network_was_away(world: World, kind: type[Board]) -> None:
    board, device, thing = await world.plug(kind, *ALL)
    await world.live(10)
    wire = world.wires[0]
    wire.reachable = False
    wire.cut()
    await world.live(60)
    assert not is_online(board)
    assert not world.services.devices.online(device)
    wire.reachable = True
    await world.live(40)
    assert is_online(board)
    assert world.services.devices.online(device)
    await world.live(10)
    assert await agreed(world, board, thing)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_board_without_a_thing_gets_one_later(world: World, kind: type[Board]) -> None:
    board, device, thing = await world.plug(kind, "temperature", attached=False)
    await world.live(300)
    assert is_online(board)
    assert thing_of(board) is None
    await world.attach(thing, device.id)
    await world.live(3)
    assert thing_of(board) == thing.id
    assert "temperature" in await world.shown(thing)


async def test_a_cpp_board_is_detached_and_moved(world: World) -> None:
    board, device, thing = await world.plug(CppBoard, "temperature", "light")
    other = await world.thing_of(("temperature", "light"))
    await world.live(5)
    await world.attach(thing, None)
    await world.settle()
    assert thing_of(board) is None
    await world.live(20)
    await world.attach(other, device.id)
    await world.live(3)
    assert thing_of(board) == other.id
    # The server pushes last values, because the board does not ask again; the answer is a full publish.
    assert set(await world.shown(other)) == {"temperature", "light"}
    assert board.losses == 0


async def test_a_python_board_that_was_moved_goes_on_undisturbed_and_unheard(world: World) -> None:
    board, device, thing = await world.plug(PythonBoard, "temperature")
    other = await world.thing_of(("temperature",))
    await world.live(5)
    before = await world.shown(thing)
    await world.attach(thing, None)
    await world.attach(other, device.id)
    await world.live(60)
    assert is_online(board)
    assert board.losses == 0
    assert await world.shown(thing) == before
    assert await world.shown(other) == {}


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_board_says_of_itself_is_kept(world: World, kind: type[Board]) -> None:
    _, device, _ = await world.plug(kind, "temperature")
    await world.live(3)
    kept = await world.services.devices.by_id(device.id)
    assert kept is not None
    assert kept.firmware["lib_version"] == ("2.9.0" if kind is CppBoard else "1.4.1-async")


async def test_a_wrong_secret_is_refused_and_tried_again(world: World) -> None:
    board, device, _ = await world.plug(CppBoard, "temperature")
    await world.services.devices.set_secret(world.who, device.id, "another")
    await world.live(70)
    assert not is_online(board)
    assert board.trouble == "CONNACK 5"
    assert board.losses == 6  # after 0, 2, 6, 14, 30 and 62 s


async def test_the_same_seed_lives_the_same_life(world: World) -> None:
    one, _, _ = await world.plug(CppBoard, *ALL)
    two, _, _ = await world.plug(PythonBoard, *ALL)
    for board in (one, two):
        assert set(board.sketch.values) == set(ALL)
    assert one.sketch.values["temperature"] == two.sketch.values["temperature"]
    assert one.sketch.values["location"] == two.sketch.values["location"]
