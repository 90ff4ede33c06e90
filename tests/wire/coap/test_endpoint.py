"""One endpoint: who says what, when, and what the other side must see. Figures are those of RFC 7252."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.wire.coap.errors import LocalError, TooBusy
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import Code, Message
from rookery.wire.coap.parameters import Limits, Quirks, Transmission
from tests.wire.coap.world import World, talk

BYTE = Quirks(token_bytes=1)
BOARD = Quirks(no_resets=True, foreign_ack_ids=True, token_bytes=1, separate_after=None)
MANY = Transmission(nstart=64)

GET_R = "4101 0007 aa b172"
NON_R = "5101 0007 aa b172"


def world(**options: Any) -> World:
    options.setdefault("quirks", BYTE)
    return World(**options)


# Requests of the peer


def test_a_request_is_acknowledged_at_once_when_the_application_says_so() -> None:
    w = world(answer=True)
    assert w.feed(GET_R) == ["60000007"]
    assert w.hears() == [Message(0, 1, 7, b"\xaa", ((11, b"r"),))]
    assert w.machine.open_requests == 0
    assert w.machine.deadline() is None


def test_figure_2_a_response_rides_in_the_acknowledgement() -> None:
    w = world()
    assert w.feed(GET_R) == []
    assert w.machine.respond(w.now, w.tickets[0], Code.CONTENT, (), b"x")
    assert w.take() == ["61450007aaff78"]
    assert not w.machine.respond(w.now, w.tickets[0], Code.CONTENT)
    assert not w.machine.acknowledge(w.now, w.tickets[0])
    assert not w.machine.forget(w.now, w.tickets[0])


def test_the_sink_may_respond_while_it_is_asked() -> None:
    w = world()
    w.during = lambda ticket, message: not w.machine.respond(w.now, ticket, Code.CHANGED)
    assert w.feed(GET_R) == ["61440007aa"]
    assert w.machine.open_requests == 0


def test_figure_5_a_slow_response_is_separate_and_repeated() -> None:
    w = world()
    w.feed(GET_R)
    assert w.machine.deadline() == w.now + 1.0
    assert w.until(w.now + 1.5) == [(1_001.0, "60000007")]
    assert w.feed(GET_R) == ["60000007"]
    assert w.machine.respond(w.now, w.tickets[0], Code.CONTENT, (), b"x", context="told")
    assert w.take() == ["41450100aaff78"]
    assert w.until(w.now + 2) == [(1_003.5, "41450100aaff78")]
    assert w.feed("6000 0100") == []
    assert w.hears()[1:] == [("told", "acknowledged")]
    assert w.feed(GET_R) == ["60000007"]
    assert w.until(w.now + 1_000) == []


def test_an_acknowledgement_at_once_for_peers_whose_responses_are_always_separate() -> None:
    w = world(quirks=Quirks(token_bytes=1, separate_after=0.0))
    w.feed(GET_R)
    assert w.until(w.now) == [(1_000.0, "60000007")]


def test_a_slow_acknowledgement_has_nothing_more_to_say() -> None:
    w = world()
    w.feed(GET_R)
    w.until(w.now + 2)
    assert w.machine.acknowledge(w.now, w.tickets[0])
    assert w.take() == []


def test_peers_that_understand_only_piggybacked_responses_wait() -> None:
    w = world(quirks=BOARD)
    w.feed(GET_R)
    assert w.machine.deadline() is None
    assert w.feed(GET_R) == []
    w.now += 20
    w.machine.respond(w.now, w.tickets[0], Code.CHANGED)
    assert w.take() == ["61440007aa"]
    assert len(w.tickets) == 1


def test_a_non_confirmable_request_gets_a_non_confirmable_response_or_none() -> None:
    w = world()
    w.feed(NON_R)
    assert w.machine.deadline() is None
    w.machine.respond(w.now, w.tickets[0], Code.CONTENT, (), b"x")
    assert w.take() == ["51450100aaff78"]
    w.answer = True
    assert w.feed("5102 0008 aa b172") == []
    assert w.machine.open_requests == 0


def test_a_repetition_is_answered_again_and_not_acted_on_again() -> None:
    w = world(answer=True)
    assert w.feed(GET_R) == ["60000007"]
    assert w.feed(GET_R) == ["60000007"]
    assert len(w.hears()) == 1
    assert w.machine.repetitions == 1


def test_a_repetition_gets_the_response_word_for_word() -> None:
    w = world()
    w.feed(GET_R)
    assert w.feed(GET_R) == []
    w.machine.respond(w.now, w.tickets[0], Code.CONTENT, (), b"x")
    w.take()
    assert w.feed(GET_R) == ["61450007aaff78"]
    assert len(w.tickets) == 1


def test_a_repeated_non_confirmable_message_is_ignored() -> None:
    w = world(answer=True)
    w.feed(NON_R)
    assert w.feed(NON_R) == []
    assert len(w.hears()) == 1


@pytest.mark.parametrize(("text", "lifetime"), [(GET_R, 247.0), (NON_R, 145.0)])
def test_an_identifier_is_new_after_its_lifetime(text: str, lifetime: float) -> None:
    """The numbers are those of 4.8.2."""
    w = world(answer=True)
    w.feed(text)
    w.now += lifetime - 0.1
    w.feed(text)
    assert len(w.tickets) == 1
    w.now += 0.2
    w.feed(text)
    assert len(w.tickets) == 2


def test_what_is_forgotten_is_new_when_it_is_repeated() -> None:
    w = world()
    w.feed(GET_R)
    assert w.machine.forget(w.now, w.tickets[0])
    w.answer = True
    assert w.feed(GET_R) == ["60000007"]
    assert len(w.tickets) == 2


def test_a_ticket_that_outlived_its_identifier_does_not_answer_for_a_later_request() -> None:
    w = world(quirks=BOARD)
    w.feed(GET_R)
    w.now += 300
    w.feed("4102 0007 bb b173")
    w.machine.forget(w.now, w.tickets[0])
    assert w.feed("4102 0007 bb b173") == []
    w.machine.acknowledge(w.now, w.tickets[1])
    assert w.take() == ["60000007"]
    assert len(w.tickets) == 2


def test_memory_of_identifiers_is_bounded_and_never_loses_an_open_one() -> None:
    w = world(limits=Limits(remembered=4, open_requests=3), quirks=BOARD)
    w.feed("4001 0001")
    w.answer = True
    for message_id in range(2, 40):
        w.feed(f"4001 {message_id:04x}")
    assert len(w.machine._seen) == 4
    assert w.feed("4001 0001") == []
    assert len(w.tickets) == 39


def test_old_identifiers_are_forgotten_with_the_next_message() -> None:
    w = world(answer=True)
    for message_id in range(100):
        w.feed(f"4001 {message_id:04x}")
    assert len(w.machine._seen) == 100
    w.now += 248
    w.feed("4001 0005")
    assert list(w.machine._seen) == [5]
    assert len(w.tickets) == 101


def test_a_ping_lets_old_identifiers_be_forgotten_as_well() -> None:
    w = world(answer=True)
    w.feed(GET_R)
    w.now += 248
    w.feed("4000 0099")
    assert not w.machine._seen


def test_more_requests_than_may_be_open_are_dropped_until_there_is_room() -> None:
    w = world(limits=Limits(open_requests=1))
    w.feed("4001 0001")
    assert w.feed("4001 0002") == []
    assert w.machine.dropped == 1
    w.machine.acknowledge(w.now, w.tickets[0])
    w.take()
    w.feed("4001 0002")
    assert len(w.tickets) == 2


def test_an_unknown_critical_option_is_refused() -> None:
    w = world()
    assert w.feed("4101 0007 aa e106f401") == ["61820007aa"]
    assert w.feed("4101 0007 aa e106f401") == ["61820007aa"]
    assert w.feed("5101 0008 aa e106f401") == []
    assert w.heard == []
    assert w.machine.rejected == 2


def test_an_unknown_elective_option_is_left_out() -> None:
    w = world(answer=True)
    w.feed("4101 0007 aa b172 e106e801")
    assert w.hears()[0].options == ((11, b"r"),)


def test_a_proxy_is_not_what_we_are() -> None:
    assert world().feed("4101 0007 aa d11661") == ["61a50007aa"]


# What is no request


def test_a_ping_is_answered_with_reset() -> None:
    assert world().feed("4000 1234") == ["70001234"]


def test_or_with_an_acknowledgement_to_peers_that_fear_resets() -> None:
    assert world(quirks=BOARD).feed("4000 1234") == ["60001234"]


def test_messages_that_are_none_are_reset_or_ignored() -> None:
    w = world()
    assert w.feed("4901 0102 313233343536373839") == ["70000102"]
    assert w.feed("4020 0102") == ["70000102"]
    assert w.feed("5020 0102") == []
    assert w.feed("00") == []
    assert w.feed("4001 0001 ff" + "00" * 1_500) == []
    assert w.machine.rejected == 5
    assert world(quirks=BOARD).feed("4020 0102") == []
    assert w.heard == []


def test_a_response_that_nobody_waits_for() -> None:
    w = world()
    assert w.feed("4145 0102 33") == ["70000102"]
    assert w.feed("4145 0102 33") == ["70000102"]
    assert w.feed("5145 0103 33") == []
    assert w.feed("6145 0104 33") == []
    assert w.feed("6000 0105") == []
    assert w.feed("7000 0106") == []
    assert world(quirks=BOARD).feed("4145 0102 33") == ["60000102"]
    assert w.heard == []


# Requests of ours


def test_figure_16_a_response_in_the_acknowledgement() -> None:
    w = world()
    w.send(context="c")
    assert w.take() == ["4101010001b172"]
    assert w.feed("6145 0100 01 ff78") == []
    assert w.hears() == [("c", 69, b"x")]
    assert w.machine.outstanding == 0
    assert w.machine.deadline() is None


def test_an_acknowledgement_with_the_wrong_token_is_no_response() -> None:
    w = world()
    w.send(context="c")
    w.feed("6145 0100 02 ff78")
    assert w.hears() == []
    assert w.machine.outstanding == 1


def test_figure_4_and_a_separate_response() -> None:
    w = world()
    w.send(context="c")
    w.take()
    w.feed("6000 0100")
    assert w.until(w.now + 100) == []
    assert w.feed("4145 ad7b 01 ff78") == ["6000ad7b"]
    assert w.feed("4145 ad7b 01 ff78") == ["6000ad7b"]
    assert w.hears() == [("c", 69, b"x")]


def test_a_response_that_overtakes_its_acknowledgement_ends_the_repetitions() -> None:
    w = world()
    w.send(context="c")
    w.take()
    assert w.feed("5145 0001 01") == []
    w.feed("6000 0100")
    assert w.until(w.now + 1_000) == []
    assert w.hears() == [("c", 69, b"")]


@pytest.mark.parametrize(
    ("random", "times"), [(0.0, (2, 6, 14, 30)), (0.999999999, (3, 9, 21, 45))], ids=["shortest", "longest"]
)
def test_a_message_is_repeated_four_times_with_doubled_waits(random: float, times: tuple[int, ...]) -> None:
    w = world(random=lambda: random)
    w.send(context="c", token=b"\1")
    first = w.take()
    sent = w.until(1_300)
    assert [text for _, text in sent] == first * 4
    assert [moment - 1_000 for moment, _ in sent] == pytest.approx(times)
    assert w.hears() == [("c", Failure.UNACKNOWLEDGED)]
    assert w.machine.retransmissions == 4
    assert w.machine.deadline() is None


def test_other_times_by_agreement() -> None:
    w = world(transmission=Transmission(ack_timeout=4.0, max_retransmit=3))
    w.send(context="c")
    w.take()
    assert [moment for moment, _ in w.until(1_200)] == [1_004, 1_012, 1_028]
    assert Transmission().max_transmit_span == 45
    assert Transmission().exchange_lifetime == 247
    assert Transmission().non_lifetime == 145


def test_a_request_has_its_own_time_limit() -> None:
    w = world()
    w.send(context="c", timeout=5.0)
    w.take()
    w.feed("6000 0100")
    assert w.machine.deadline() is not None
    w.until(1_010)
    assert w.hears() == [("c", Failure.TIMEOUT)]


def test_the_peer_does_not_know_the_request() -> None:
    w = world()
    w.send(context="c")
    w.feed("7000 0100")
    assert w.hears() == [("c", Failure.RESET)]


def test_a_request_without_a_response_ends_when_it_has_arrived() -> None:
    w = world()
    w.send(2, response=False, context="c")
    assert w.take() == ["40020100b172"]
    w.feed("6000 0100")
    assert w.hears() == [("c", "acknowledged")]
    w.send(2, response=False, confirmable=False)
    assert w.take() == ["50020101b172"]
    assert w.machine.outstanding == 0
    w.send(2, response=False, confirmable=False, token=b"\x55")
    assert w.take() == ["5102010255b172"]


def test_a_non_confirmable_request_with_a_response() -> None:
    w = world()
    w.send(confirmable=False, context="c")
    assert w.take() == ["5101010001b172"]
    w.feed("6145 0100 01")  # 4.3: not to be acknowledged
    assert w.until(1_500) == []
    assert w.hears() == []
    w.feed("5145 0009 01")
    assert w.hears() == [("c", 69, b"")]


def test_nstart_starts_the_next_when_one_is_acknowledged() -> None:
    w = world()
    for context in "ab":
        w.send(context=context)
    assert w.take() == ["4101010001b172"]
    assert w.machine.outstanding == 2
    assert w.feed("6000 0100") == ["4101010102b172"]


def test_nstart_starts_the_next_when_one_fails_or_is_cancelled() -> None:
    w = world()
    first = w.send(context="a")
    w.send(context="b", timeout=10.0)
    w.send(context="c")
    w.send(context="d", timeout=10.0)
    w.take()
    w.machine.cancel(w.now, first)
    assert w.take() == ["4101010102b172"]
    assert ("4101010203b172") in [text for _, text in w.until(w.now + 11)]
    assert w.hears() == [("b", Failure.TIMEOUT), ("d", Failure.TIMEOUT)]
    w.machine.cancel(w.now, first)
    assert w.machine.outstanding == 1


def test_too_much_that_is_not_finished() -> None:
    w = world(limits=Limits(outstanding=2))
    w.send()
    w.send()
    with pytest.raises(TooBusy):
        w.send()
    with pytest.raises(TooBusy):
        w.machine.ping(w.now, timeout=1)
    w.send(confirmable=False, response=False)


def test_tokens_come_back_as_late_as_possible_and_never_while_in_use() -> None:
    w = world(transmission=MANY, limits=Limits(outstanding=300))
    first = w.send()
    assert first.token == b"\1"
    tokens = []
    for _ in range(254):
        exchange = w.send(confirmable=False, response=True)
        tokens.append(exchange.token)
        w.machine.cancel(w.now, exchange)
    assert len(set(tokens)) == 254
    assert w.send().token == b"\0"
    assert w.send().token == b"\2"
    with pytest.raises(LocalError):
        w.send(token=b"\1")


def test_all_tokens_in_use() -> None:
    w = world(transmission=Transmission(nstart=999), limits=Limits(outstanding=999))
    for _ in range(256):
        w.send()
    with pytest.raises(TooBusy):
        w.send()


def test_identifiers_are_not_used_again_within_their_lifetime() -> None:
    w = world(message_id=0)
    for _ in range(65_536):
        w.send(confirmable=False, response=False)
    with pytest.raises(TooBusy):
        w.send(confirmable=False, response=False)
    w.now += 247
    w.take()
    w.send(confirmable=False, response=False)
    assert w.take() == ["50010000b172"]


def test_identifiers_skip_one_that_is_still_in_use() -> None:
    w = world(message_id=7, transmission=MANY)
    w.send()
    w.machine.next_message_id = 7
    w.send()
    assert [text[4:8] for text in w.take()] == ["0007", "0008"]


def test_a_response_with_an_unknown_critical_option_is_rejected() -> None:
    w = world(transmission=MANY)
    w.send(context="a")
    w.send(context="b")
    w.take()
    assert w.feed("6145 0100 01 e106f401") == []
    assert w.feed("4145 0001 02 e106f401") == ["70000001"]
    assert w.hears() == [("a", Failure.BAD_OPTION), ("b", Failure.BAD_OPTION)]


def test_an_unknown_elective_option_of_a_response_is_left_out() -> None:
    w = world()
    w.send(context="a")
    heard = []
    w.response = lambda now, context, message: heard.append(message.options)  # type: ignore[method-assign]
    w.feed("6145 0100 01 41ff e106e901")
    assert heard == [((4, b"\xff"),)]


def test_a_separate_response_needs_room_too() -> None:
    w = world(limits=Limits(outstanding=1))
    w.feed(GET_R)
    w.until(w.now + 1)
    exchange = w.send()
    with pytest.raises(TooBusy):
        w.machine.respond(w.now, w.tickets[0], Code.CONTENT)
    w.machine.cancel(w.now, exchange)
    assert w.machine.respond(w.now, w.tickets[0], Code.CONTENT)


def test_a_callback_may_end_what_is_due_in_the_same_moment() -> None:
    w = world(transmission=MANY)
    first, second = w.send(context=0, timeout=5.0), w.send(context=1, timeout=5.0)
    failed = []

    def stop(now: float, context: object, failure: Failure) -> None:
        failed.append(context)
        w.machine.cancel(now, second if context == 0 else first)

    w.failed = stop  # type: ignore[method-assign]
    w.until(w.now + 10)
    assert failed == [0]
    assert w.machine.outstanding == 0


@pytest.mark.parametrize("answer", ["6000 0100", "7000 0100"])
def test_a_ping_of_ours(answer: str) -> None:
    w = world()
    w.machine.ping(w.now, timeout=10, context="p")
    assert w.take() == ["40000100"]
    w.feed(answer)
    assert w.hears() == [("p", "acknowledged")]


def test_a_ping_in_vain() -> None:
    w = world()
    w.machine.ping(w.now, timeout=10, context="p")
    w.until(1_100)
    assert w.hears() == [("p", Failure.TIMEOUT)]


def test_a_reset_of_our_own_accord() -> None:
    w = world()
    w.machine.reset(9)
    assert w.take() == ["70000009"]


def test_closing_ends_everything() -> None:
    w = world()
    w.send(context="a")
    w.send(context="b")
    w.feed(GET_R)
    w.machine.close(w.now)
    assert w.hears()[1:] == [("a", Failure.CLOSED), ("b", Failure.CLOSED)]
    assert not w.machine.acknowledge(w.now, w.tickets[0])
    assert w.machine.deadline() is None
    w.machine.tick(w.now + 1_000)
    assert w.hears() == []


WRONG: dict[str, dict[str, Any]] = {
    "not a method": {"code": 69},
    "an unknown option": {"options": ((2_049, b""),)},
    "a query of 256 bytes": {"options": ((15, bytes(256)),)},
    "a token of 9 bytes": {"token": bytes(9)},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_asked_is_our_own_error(name: str) -> None:
    w = world()
    with pytest.raises(LocalError):
        w.send(**WRONG[name])
    assert w.sent == []
    assert w.machine.outstanding == 0
    assert w.machine.deadline() is None


def test_what_cannot_be_answered_leaves_the_ticket_open() -> None:
    w = world()
    w.feed(GET_R)
    with pytest.raises(LocalError):
        w.machine.respond(w.now, w.tickets[0], Code.GET)
    with pytest.raises(LocalError):
        w.machine.respond(w.now, w.tickets[0], Code.CONTENT, ((2_049, b""),))
    assert w.machine.respond(w.now, w.tickets[0], Code.CONTENT)


def test_tokens_have_one_to_eight_bytes() -> None:
    with pytest.raises(ValueError, match="1 to 8"):
        Quirks(token_bytes=0)


# Two machines


def test_two_machines_over_a_wire_that_loses_every_first_copy() -> None:
    client, server = world(message_id=1), world(message_id=9_000, answer=False)
    server.during = lambda ticket, message: (
        not server.machine.respond(server.now, ticket, Code.CONTENT, (), message.options[0][1])
    )
    lost: set[bytes] = set()

    def lose(data: bytes) -> bool:
        if data in lost:
            return False
        lost.add(data)
        return True

    for number in range(20):
        client.send(options=((11, bytes((65 + number,))),), context=number)
    for _ in range(200):
        talk(client, server, lose=lose)
        for each in (client, server):
            each.now += 1
            each.machine.tick(each.now)
    assert client.hears() == [(number, 69, bytes((65 + number,))) for number in range(20)]
    assert len(server.tickets) == 20
