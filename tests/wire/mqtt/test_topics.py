"""Names, filters and the tree (4.7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.wire.mqtt.topics import SubscriptionTree, filter_fault, matches, topic_fault
from tests.wire.mqtt.strategies import filters

MATCHING = [
    # Examples of 4.7.1.2, 4.7.1.3 and 4.7.2
    ("sport/tennis/player1/#", "sport/tennis/player1", True),
    ("sport/tennis/player1/#", "sport/tennis/player1/ranking", True),
    ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", True),
    ("sport/#", "sport", True),
    ("#", "sport/tennis", True),
    ("sport/tennis/+", "sport/tennis/player1", True),
    ("sport/tennis/+", "sport/tennis/player1/ranking", False),
    ("sport/+", "sport", False),
    ("sport/+", "sport/", True),
    ("+/+", "/finance", True),
    ("/+", "/finance", True),
    ("+", "/finance", False),
    ("#", "$SYS/monitor", False),
    ("+/monitor/Clients", "$SYS/monitor/Clients", False),
    ("$SYS/#", "$SYS/monitor/Clients", True),
    ("$SYS/monitor/+", "$SYS/monitor/Clients", True),
    # Empty levels, case, exactness
    ("a//b", "a//b", True),
    ("a/+/b", "a//b", True),
    ("A", "a", False),
    ("a", "a/", False),
    ("a/b", "a", False),
    ("+/b/#", "a/b", True),
    ("a/+/#", "a", False),
]


@pytest.mark.parametrize(("topic_filter", "name", "expected"), MATCHING)
def test_matching(topic_filter: str, name: str, expected: bool) -> None:
    assert matches(topic_filter, name) is expected
    tree: SubscriptionTree[str, int] = SubscriptionTree()
    tree.add(topic_filter, "me", 1)
    assert [*tree.match(name)] == ([("me", 1)] if expected else [])


@pytest.mark.parametrize("good", ["#", "+", "a", "/", "//", "a/#", "+/#", "+/+", "$a/#", " ", "a/+/b"])
def test_good_filters(good: str) -> None:
    assert filter_fault(good) is None


@pytest.mark.parametrize("bad", ["", "a#", "#/a", "a/#/b", "##", "a+", "+a", "a/b+/c", "a\0"])
def test_bad_filters(bad: str) -> None:
    assert filter_fault(bad)


@pytest.mark.parametrize("bad", ["", "+", "#", "a/+", "a\0b"])
def test_bad_names(bad: str) -> None:
    assert topic_fault(bad)


def test_the_tree_forgets_empty_branches() -> None:
    tree: SubscriptionTree[str, int] = SubscriptionTree()
    assert tree.add("a/b/c", "x", 0)
    assert tree.add("a/b", "x", 1)
    assert not tree.add("a/b", "x", 2)
    assert len(tree) == 2
    assert not tree.remove("a", "x")
    assert not tree.remove("a/b", "y")
    assert tree.remove("a/b/c", "x")
    assert [*tree.match("a/b")] == [("x", 2)]
    assert tree.remove("a/b", "x")
    assert len(tree) == 0
    assert tree._root.children == {}


def test_a_name_of_very_many_levels_is_no_recursion() -> None:
    tree: SubscriptionTree[str, int] = SubscriptionTree()
    tree.add("/" * 65_000, "x", 0)
    assert [*tree.match("/" * 65_000)] == [("x", 0)]


names = st.lists(st.text("ab$é", max_size=3), min_size=1, max_size=5).map(lambda parts: "/".join(parts) or "/")


@given(st.lists(st.tuples(filters, st.integers(0, 3)), max_size=12), st.lists(st.integers(0, 11)), names)
def test_the_tree_agrees_with_matches(subscriptions: list[tuple[str, int]], removed: list[int], name: str) -> None:
    tree: SubscriptionTree[int, str] = SubscriptionTree()
    model: dict[tuple[str, int], str] = {}
    for topic_filter, key in subscriptions:
        assert tree.add(topic_filter, key, topic_filter) == ((topic_filter, key) not in model)
        model[topic_filter, key] = topic_filter
    for index in removed:
        if index < len(subscriptions):
            assert tree.remove(*subscriptions[index]) == (model.pop(subscriptions[index], None) is not None)
    assert len(tree) == len(model)
    expected = sorted((key, topic_filter) for topic_filter, key in model if matches(topic_filter, name))
    assert sorted(tree.match(name)) == expected
