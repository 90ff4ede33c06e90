"""People's programs on MQTT: they watch, they write, and never reach what is not theirs (sections 2.5 and 3.5)."""

from __future__ import annotations

import pytest

from rookery.arduino.device.user import UserHandler
from rookery.core.records import Role
from tests.arduino.device.conversation import Client, World, pack, settle

LED_ON = "81a300636c656404f5221b0000018bcfe56800"
LED_OFF_WITHOUT_A_VALUE = "81a200636c6564221b0000018bcfe56800"


async def test_what_a_board_publishes_is_seen_by_every_program_that_watches() -> None:
    world = await World.build()
    board, first, second = await world.board(), await world.user(), await world.user()
    first.subscribe(world.top("e/o"))
    second.subscribe(world.top("e/o"))
    board.send(world.top("e/o"), pack({0: "counter", 2: 4}, {0: "temperature", 2: 20}))
    assert first.got == [], "nobody sees what is not stored"
    await settle()
    seen = (world.top("e/o"), {"counter": 4, "temperature": 20.0})
    assert first.take_values() == [seen]
    assert second.take_values() == [seen]


async def test_a_write_is_stored_delivered_mirrored_and_then_acknowledged() -> None:
    world = await World.build()
    board, writer, watcher = await world.board(), await world.user(), await world.user()
    board.subscribe(world.top("e/i"))
    watcher.subscribe(world.top("e/o"))
    await world.services.live.get(world.thing.id)
    ticket = writer.send(world.top("e/i"), LED_ON, 1)
    assert writer.acknowledged == []
    await settle()
    assert writer.acknowledged == [ticket]
    assert board.take_values() == [(world.top("e/i"), {"led": True})]
    assert watcher.take_values() == [(world.top("e/o"), {"led": True})]
    assert await world.last() == {"led": True}


async def test_a_value_that_the_client_dropped_is_false() -> None:
    world = await World.build()
    await world.write(led=True)
    user = await world.user()
    user.send(world.top("e/i"), LED_OFF_WITHOUT_A_VALUE, 1)
    await settle()
    assert await world.last() == {"led": False}


async def test_a_write_for_a_board_that_is_away_is_kept_for_it() -> None:
    world = await World.build()
    user = await world.user()
    user.send(world.top("e/i"), pack({0: "name", 3: "hi"}), 1)
    await settle()
    board = await world.board()
    board.subscribe(world.top("shadow/i"))
    board.send(world.top("shadow/o"), "81a20063723a6d036d6765744c61737456616c756573")
    ((_, values),) = board.take_values()
    assert values["name"] == "hi"


async def test_writes_that_come_before_the_thing_is_in_memory_keep_their_order() -> None:
    world = await World.build()
    world.services.live._things.clear()
    user = await world.user()
    tickets = [user.send(world.top("e/i"), pack({0: "counter", 2: n}), 1) for n in range(5)]
    await settle()
    assert user.acknowledged == tickets
    assert await world.last() == {"counter": 4}
    live = world.services.live.cached(world.thing.id)
    assert live is not None
    history = await world.services.telemetry.read(live.by_symbol["counter"].record.series, 0, 1 << 62, 10)
    assert [p.value for p in history] == [0, 1, 2, 3, 4]


async def test_a_variable_that_only_the_board_writes_stays() -> None:
    world = await World.build()
    user = await world.user()
    ticket = user.send(world.top("e/i"), pack({0: "temperature", 2: 99.0}), 1)
    await settle()
    assert user.acknowledged == [ticket]
    assert await world.last() == {}


async def test_a_full_disk_is_not_acknowledged() -> None:
    world = await World.build()
    user = await world.user()
    world.telemetry.full = True
    user.send(world.top("e/i"), LED_ON, 1)
    await settle()
    assert user.acknowledged == []
    assert user.refused_with == "the disk is full"


async def test_nothing_is_seen_after_unsubscribe_and_after_the_end() -> None:
    world = await World.build()
    user, other = await world.user(), await world.user()
    for client in (user, other):
        client.subscribe(world.top("e/o"))
    user.unsubscribe(world.top("e/o"))
    other.disconnect()
    await world.write(led=True)
    await settle()
    assert user.got == []
    assert other.got == []
    assert not world.services.bus.watched("values." + world.thing.id)


async def test_a_second_subscription_does_not_double_what_is_seen() -> None:
    world = await World.build()
    user = await world.user()
    user.subscribe(world.top("e/o"))
    user.subscribe(world.top("e/o"), 1)
    await world.write(led=True)
    await settle()
    assert [(s.topic, s.qos) for s in user.take()] == [(world.top("e/o"), 1)]


async def test_serial_text_goes_both_ways() -> None:
    world = await World.build()
    board, user = await world.board(), await world.user()
    board.subscribe(world.dev("s/i"))
    user.subscribe(world.dev("s/o"))
    board.send(world.dev("s/o"), b"hello")
    user.send(world.dev("s/i"), b"reset")
    assert [s.payload for s in user.take()] == [b"hello"]
    assert [s.payload for s in board.take()] == [b"reset"]


async def test_a_thing_made_later_can_be_watched() -> None:
    world = await World.build()
    user = await world.user()
    later = await world.new_thing("Attic")
    assert user.subscribe(world.top("e/o", later)) == 0
    await world.services.things.delete(world.who, later.id)
    assert user.subscribe(world.top("e/o", later)) == 0x80


@pytest.mark.parametrize("payload", ["", "ff", "9f9f9f9f", "da000103008160"])
async def test_what_is_no_pack_is_dropped_and_the_connection_stays(payload: str) -> None:
    world = await World.build()
    user = await world.user()
    await world.services.live.get(world.thing.id)
    ticket = user.send(world.top("e/i"), payload, 1)
    assert user.acknowledged == [ticket]
    assert user.closed_with is None


class TestAccess:
    """What somebody else owns does not exist."""

    @staticmethod
    async def stranger(world: World) -> Client:
        person = await world.services.people.create("eve@example.org", password="correct horse battery")
        who = await world.services.people.principal(person.id)
        await world.services.index.load(person.id)
        return Client(UserHandler(world.services, who), person.id).connect()

    async def test_a_stranger_sees_nothing_and_writes_nothing(self) -> None:
        world = await World.build()
        eve = await self.stranger(world)
        for topic in (world.top("e/o"), world.top("e/i"), world.dev("s/o"), "#", "/a/t/+/e/o", "values"):
            assert eve.subscribe(topic) == 0x80
        ticket = eve.send(world.top("e/i"), LED_ON, 1)
        await settle()
        assert eve.acknowledged == [ticket]
        assert await world.last() == {}

    async def test_a_viewer_of_the_organisation_watches_but_does_not_write(self) -> None:
        world = await World.build()
        owner = await world.services.people.find("ada@example.org")
        space = await world.services.people.organisation("Lab", owner)
        person = await world.services.people.create("bob@example.org", password="correct horse battery")
        await world.services.people.join(space.id, person.id, Role.VIEWER)
        mine = await world.services.people.principal(owner.id, space.id)
        thing = await world.services.things.create(mine, name="Shared")
        who = await world.services.people.principal(person.id)
        await world.services.index.load(space.id)
        bob = Client(UserHandler(world.services, who), person.id).connect()
        assert bob.subscribe(world.top("e/o", thing)) == 0
        ticket = bob.send(world.top("e/i", thing), LED_ON, 1)
        assert bob.acknowledged == [ticket]


async def test_a_key_that_is_withdrawn_takes_its_sessions_along() -> None:
    world = await World.build()
    client, _ = await world.services.clients.create(world.who.person_id, "script")
    who = await world.services.people.principal(world.who.person_id, client_id=client.id)
    await world.services.index.load(who.space_id)
    user = Client(UserHandler(world.services, who), who.person_id).connect()
    bystander = await world.user()
    await world.services.clients.change(client, enabled=False)
    assert user.closed_with == "the API key was withdrawn"
    assert bystander.closed_with is None
    assert not world.services.bus.watched("key." + client.id)
