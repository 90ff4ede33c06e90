"""Who comes in: keys, ids, trust, sessions of yesterday."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from structlog.testing import capture_logs

from rookery.particle.device import greetings
from rookery.particle.device.hello import encode_hello
from rookery.particle.device.requests import goodbye_request, hello_request, time_request
from tests.particle.device.board_world import BOARD_ID, Talk, World, hello, key_of, rest

RSA_KEY = (
    rsa.generate_private_key(65_537, 1_024)
    .public_key()
    .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
)
ID = bytes.fromhex(BOARD_ID)


async def enter(world: World, number: int = 1, **fields: Any) -> Talk:
    talk = world.talk(number)
    await talk.say(hello_request(encode_hello(hello(**fields))))
    return talk


async def test_a_board_that_nobody_knows_is_enrolled_with_the_key_it_has_proven() -> None:
    world = World()
    talk = await enter(world)
    device = await world.device()
    assert (device.public_key, device.type, device.dialect, device.space_id) == (key_of(1), "argon", "particle", "")
    assert talk.connection.named == [ID]
    assert world.services.boards.session(device.id) is talk.board
    assert talk.outcome(1) == "ack"
    assert world.front.counters.enrolled == 1
    assert world.front.counters.online_udp == 1


async def test_another_key_than_the_registered_one_stays_outside() -> None:
    world = World()
    first = await enter(world, 1)
    with capture_logs() as logs:
        impostor = await enter(world, 2)
    (refused,) = [line for line in logs if line["event"] == "particle.refused"]
    assert refused["device"] == BOARD_ID, "whom it pretends to be, though the session has no name"
    assert impostor.connection.closed is not None
    assert impostor.connection.closed[1] is False
    assert impostor.connection.named == []
    assert impostor.outcome(1) is None
    assert first.connection.closed is None
    assert (await world.device()).public_key == key_of(1)
    assert world.front.counters.key_mismatches == 1


async def test_two_first_contacts_at_once_leave_one_key() -> None:
    world = World()
    talks = [world.talk(number) for number in (1, 2)]
    for talk in talks:
        talk.begin(hello_request(encode_hello(hello())))
    await rest()
    inside = [talk for talk in talks if talk.connection.closed is None]
    assert len(inside) == 1
    assert (await world.device()).public_key == inside[0].connection.public_key


async def test_an_imported_board_registers_its_key_with_its_first_hello() -> None:
    world = World()
    await world.services.enrolment.enrol(BOARD_ID, "particle", "unknown")
    await enter(world)
    assert (await world.device()).public_key == key_of(1)
    await world.written()
    assert (await world.device()).type == "argon"


async def test_there_is_an_end_to_boards_that_nobody_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greetings, "MOST_UNCLAIMED", 1)
    world = World()
    enrolment = world.services.enrolment
    other = await enrolment.enrol("f" * 24, "particle", "argon")
    assert (await enter(world)).connection.closed is not None
    assert await enrolment.get(BOARD_ID) is None
    await enrolment.keep(other.id, space_id="somebody")
    assert (await enter(world)).connection.closed is None


async def test_without_trust_only_registered_keys_come_in() -> None:
    world = World(trust="registered")
    assert (await enter(world)).connection.closed is not None
    await world.services.enrolment.enrol(BOARD_ID, "particle", "argon")
    assert (await enter(world)).connection.closed is not None
    await world.services.enrolment.keep((await world.device()).id, public_key=key_of(1))
    assert (await enter(world)).connection.closed is None


async def test_the_key_for_a_claim_over_tcp() -> None:
    world = World()
    key_for = world.front.key_of
    assert await key_for(ID, RSA_KEY) == RSA_KEY
    assert await world.services.enrolment.get(BOARD_ID) is None, "a claim proves nothing"
    assert await key_for(ID, None) is None
    assert await key_for(ID, b"no key") is None
    assert await key_for(ID, key_of(1)) is None, "keys of UDP do not work over TCP"
    device = await world.services.enrolment.enrol(BOARD_ID, "particle", "photon", public_key=RSA_KEY)
    assert await key_for(ID, None) == RSA_KEY
    assert await key_for(ID, key_of(1)) == RSA_KEY, "the registered key wins"
    await world.services.enrolment.keep(device.id, public_key=key_of(1))
    assert await key_for(ID, RSA_KEY) is None
    assert await World(trust="registered").front.key_of(ID, RSA_KEY) is None


@pytest.mark.parametrize(
    "request_",
    [time_request(), hello_request(b"bad"), hello_request(encode_hello(hello(device_id="")))],
    ids=["no Hello", "no good Hello", "a Hello of nobody"],
)
async def test_what_does_not_begin_with_a_hello_is_over(request_: Any) -> None:
    world = World()
    talk = world.talk()
    await talk.say(request_)
    assert talk.connection.closed is not None
    assert talk.connection.sent == []
    assert await world.services.enrolment.get(BOARD_ID) is None
    assert world.front.counters.refused == 1


async def test_a_hello_over_tcp_that_names_another_board() -> None:
    world = World()
    talk = world.talk(1, "tcp", "0" * 24)
    await talk.say(hello_request(encode_hello(hello())))
    assert talk.connection.closed is not None


async def test_a_board_that_is_closed_during_its_greeting_is_not_online() -> None:
    world = World()
    talk = world.talk()
    talk.begin(hello_request(encode_hello(hello())))
    talk.connection.close("lost")
    await rest()
    assert len(world.services.boards) == 0
    assert world.front.counters.online_udp == 0


@pytest.mark.parametrize(
    ("fields", "inside"),
    [({"space_id": "somebody"}, True), ({"public_key": b"another"}, False), ({"deleted_at": 1}, False)],
)
async def test_what_is_changed_during_the_greeting_counts(fields: dict[str, Any], inside: bool) -> None:
    world = World()
    device = await world.services.enrolment.enrol(BOARD_ID, "particle", "argon", public_key=key_of(1), space_id="a")
    look = world.services.devices.thing_of

    async def change_first(device: Any) -> Any:
        await world.services.enrolment.keep(device.id, **fields)
        return await look(device)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.services.devices, "thing_of", change_first)
        talk = await enter(world)
    assert (talk.connection.closed is None) is inside
    session = world.services.boards.session(device.id)
    assert (session is not None and session.device.space_id == "somebody") is inside


class TestYesterday:
    """Sessions that go on over UDP."""

    async def resume(self, world: World) -> Talk:
        state = await world.front.recall(ID, key_of(1))
        assert state is not None
        talk = world.talk()
        talk.connection.name = ID
        talk.board = world.front.resumed(talk.connection, ID, state)
        talk.connection.handler = talk.board
        return talk

    async def silent(self, world: World) -> None:
        talk = await world.board()
        await talk.subscribe("door")
        await world.written()
        talk.connection.close("silent")
        await rest()
        world.heard.clear()

    async def test_only_with_the_registered_key(self) -> None:
        world = World()
        assert await world.front.recall(ID, key_of(1)) is None
        await self.silent(world)
        assert await world.front.recall(ID, key_of(2)) is None
        assert await world.front.recall(ID, key_of(1)) is not None

    async def test_what_was_said_still_holds(self) -> None:
        world = World()
        await self.silent(world)
        talk = await self.resume(world)
        await rest()
        assert world.told == [("spark/status", "online")]
        assert await talk.ask(talk.board.call("beep", "2"), 68, b"\0\0\0\2") == 2
        assert len(world.services.events.subscribers) == 1
        assert [sent.path[0] for sent in talk.connection.sent] == ["f"], "and nothing was asked"
        assert talk.connection.alive == (25.0, True)

    async def test_a_goodbye_that_is_repeated_does_not_make_it_appear(self) -> None:
        world = World()
        await self.silent(world)
        talk = await self.resume(world)
        await talk.leave()
        assert world.told == []
        assert len(world.services.boards) == 0
        assert talk.outcome(1) == "ack"
        assert talk.connection.closed is not None

    async def test_a_hello_within_it(self) -> None:
        world = World()
        await self.silent(world)
        talk = await self.resume(world)
        await talk.say(hello_request(encode_hello(hello(system_version=6_300))))
        assert world.told == [("spark/status", "online")]
        assert talk.connection.named == [], "it has its name"
        await world.written()
        assert (await world.device()).described["system_version"] == 6_300

    async def test_what_changed_before_its_first_message_is_known(self) -> None:
        world = World()
        await self.silent(world)
        state = await world.front.recall(ID, key_of(1))
        await world.services.claims.give(await world.device(), "somebody")
        talk = world.talk()
        talk.connection.name = ID
        board = world.front.resumed(talk.connection, ID, state)
        assert board.device.space_id == "somebody"

    @pytest.mark.parametrize(
        ("fields", "renew"), [({"deleted_at": 1}, False), ({"public_key": b"another"}, True)], ids=["deleted", "key"]
    )
    async def test_one_that_may_not_come_back_any_more_does_not(self, fields: dict[str, Any], renew: bool) -> None:
        world = World()
        await self.silent(world)
        state = await world.front.recall(ID, key_of(1))
        await world.services.enrolment.keep((await world.device()).id, **fields)
        talk = world.talk()
        talk.connection.name = ID
        world.front.resumed(talk.connection, ID, state)
        await rest()
        assert talk.connection.closed is not None
        assert talk.connection.closed[1] is renew
        assert len(world.services.boards) == 0
        assert world.told == []

    async def test_what_is_noted_and_not_written_yet_counts(self) -> None:
        world = World()
        talk = await world.board()
        await talk.subscribe("door")
        talk.connection.close("silent")
        talk = await self.resume(world)
        await rest()
        assert await talk.ask(talk.board.call("beep", "2"), 68, b"\0\0\0\2") == 2
        assert len(world.services.events.subscribers) == 1

    async def test_a_restart_does_not_lose_what_was_noted(self) -> None:
        world = World()
        await world.board()
        await world.front.close()
        assert (await world.device()).described["functions"] == ["beep"]


async def test_a_goodbye_is_acknowledged_and_offline_at_once() -> None:
    world = World()
    talk = await world.board()
    world.heard.clear()
    ticket = talk.begin(goodbye_request(b"\x01\x02"))
    assert talk.outcome(ticket) == "ack"
    assert talk.connection.closed == ("the board said goodbye: its program ended the connection", False)
    assert len(world.services.boards) == 0
    await rest()
    assert world.told == [("spark/status", "offline")]
    assert world.front.counters.online_udp == 0
