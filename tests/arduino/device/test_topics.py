"""The topics of the device API: what they are and what they are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.arduino.device.topics import (
    Channel,
    DeviceTopics,
    Scope,
    ThingTopics,
    Topic,
    is_thing_inbox,
    parse_topic,
)

ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"


def test_the_topics_of_a_device() -> None:
    topics = DeviceTopics(ID)
    assert topics.commands_up == f"/a/d/{ID}/c/up"
    assert topics.commands_down == f"/a/d/{ID}/c/dw"
    assert topics.events_out == f"/a/d/{ID}/e/o"
    assert topics.events_in == f"/a/d/{ID}/e/i"
    assert topics.text_out == f"/a/d/{ID}/s/o"
    assert topics.text_in == f"/a/d/{ID}/s/i"
    assert topics.inbox == {topics.commands_down, topics.events_in, topics.text_in}


def test_the_topics_of_a_thing() -> None:
    topics = ThingTopics(ID)
    assert topics.values_out == f"/a/t/{ID}/e/o"
    assert topics.values_in == f"/a/t/{ID}/e/i"
    assert topics.shadow_out == f"/a/t/{ID}/shadow/o"
    assert topics.shadow_in == f"/a/t/{ID}/shadow/i"
    assert topics.inbox == {topics.values_in, topics.shadow_in}


def test_every_topic_that_is_built_is_parsed() -> None:
    device, thing = DeviceTopics(ID), ThingTopics(ID)
    assert parse_topic(device.commands_up) == Topic(Scope.DEVICE, ID, Channel.COMMANDS_UP)
    assert parse_topic(device.commands_down) == Topic(Scope.DEVICE, ID, Channel.COMMANDS_DOWN)
    assert parse_topic(device.events_out) == Topic(Scope.DEVICE, ID, Channel.EVENTS_OUT)
    assert parse_topic(device.events_in) == Topic(Scope.DEVICE, ID, Channel.EVENTS_IN)
    assert parse_topic(device.text_out) == Topic(Scope.DEVICE, ID, Channel.TEXT_OUT)
    assert parse_topic(device.text_in) == Topic(Scope.DEVICE, ID, Channel.TEXT_IN)
    assert parse_topic(thing.values_out) == Topic(Scope.THING, ID, Channel.EVENTS_OUT)
    assert parse_topic(thing.values_in) == Topic(Scope.THING, ID, Channel.EVENTS_IN)
    assert parse_topic(thing.shadow_out) == Topic(Scope.THING, ID, Channel.SHADOW_OUT)
    assert parse_topic(thing.shadow_in) == Topic(Scope.THING, ID, Channel.SHADOW_IN)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        f"a/t/{ID}/e/o",
        f"/a/t/{ID}/e/o/",
        f"/a/t/{ID}/e/o\n",
        f"/a/t/{ID}/e/x",
        f"/a/t/{ID}/c/up",
        f"/a/t/{ID}/s/i",
        f"/a/d/{ID}/shadow/i",
        f"/a/x/{ID}/e/o",
        f"/a/t/{ID.upper()}/e/o",
        f"/a/t/{ID[:-1]}/e/o",
        "/a/t//e/i",
        "/a/t/+/e/o",
        "/a/t/#",
        f"/a/t/{ID}/#",
        "$SYS/broker",
        "x" * 65_535,
    ],
    ids=lambda topic: repr(topic[:60]),
)
def test_other_topics_are_none_of_them(topic: str) -> None:
    assert parse_topic(topic) is None
    assert is_thing_inbox(topic) is None


def test_the_inbox_of_a_thing_tells_whose_it_is() -> None:
    assert is_thing_inbox(f"/a/t/{ID}/e/i") == ID
    assert is_thing_inbox(f"/a/t/{ID}/shadow/i") == ID
    assert is_thing_inbox(f"/a/t/{ID}/e/o") is None
    assert is_thing_inbox(f"/a/d/{ID}/e/i") is None


@given(st.text(max_size=60) | st.from_regex(r"/a/[dtx]/[0-9a-f-]{30,40}/(c|e|s|shadow)/(i|o|up|dw)", fullmatch=True))
def test_parsing_any_text_gives_a_topic_that_reads_the_same(text: str) -> None:
    topic = parse_topic(text)
    if topic is not None:
        assert text == f"/a/{topic.scope}/{topic.id}/{topic.channel}"
