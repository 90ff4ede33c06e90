"""Log lines: their form, and that no secret gets into one."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from rookery import logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What is written. Afterwards logging is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def test_text_is_one_line_with_names_and_values(stream: io.StringIO) -> None:
    logs.set_up("text", "info", stream)
    structlog.get_logger().info("mqtt.closed", peer="192.0.2.1", reason="a b", count=3)
    (line,) = stream.getvalue().splitlines()
    time, level, rest = line.split(None, 2)
    assert time.endswith("Z")
    assert level == "info"
    assert rest == 'mqtt.closed peer=192.0.2.1 reason="a b" count=3'


def test_json_is_one_object_a_line(stream: io.StringIO) -> None:
    logs.set_up("json", "info", stream)
    structlog.get_logger().info("mqtt.closed", peer="192.0.2.1", count=3)
    told = json.loads(stream.getvalue())
    assert told.pop("timestamp")
    assert told == {"event": "mqtt.closed", "level": "info", "peer": "192.0.2.1", "count": 3}


def test_lines_below_the_level_are_left_out(stream: io.StringIO) -> None:
    logs.set_up("text", "warning", stream)
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_peer_can_not_begin_a_line_of_its_own(stream: io.StringIO, form: str) -> None:
    logs.set_up(form, "info", stream)
    structlog.get_logger().info("mqtt.refused", client_id="x\n2026-01-01T00:00:00Z info fake\x1b[31m\r")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("password", "hunter2hunter2", "(hidden)"),
        ("client_secret", "s3cret", "(hidden)"),
        ("access_token", "eyJhb", "(hidden)"),
        ("Authorization", "Bearer x", "(hidden)"),
        ("payload", b"secret bytes", "(12 bytes)"),
        ("url", "https://example.org/mqtt?token=abc", "https://example.org/mqtt?…"),
        ("path", "/iot/v2/things?secret=abc", "/iot/v2/things?…"),
        ("text", "see https://example.org/a?b=c now", "see https://example.org/a?… now"),
        ("name", "y" * 400, "y" * 300 + "…"),
        ("reason", "is it so?", "is it so?"),
        ("count", 7, 7),
    ],
)
def test_secrets_and_query_strings_stay_out(name: str, value: object, shown: object) -> None:
    assert logs.guard(None, "info", {"event": "e", name: value})[name] == shown


def test_libraries_speak_in_the_same_form(stream: io.StringIO) -> None:
    logs.set_up("json", "info", stream)
    logging.getLogger("some.library").info("chatter")
    logging.getLogger("some.library").warning("disk %s", "full")
    told = json.loads(stream.getvalue())
    assert told["event"] == "disk full"
    assert told["level"] == "warning"
    assert told["logger"] == "some.library"


def test_an_exception_brings_its_traceback(stream: io.StringIO) -> None:
    logs.set_up("text", "info", stream)
    try:
        raise ValueError("why")
    except ValueError:
        structlog.get_logger().exception("server.failed")
    text = stream.getvalue()
    assert "server.failed\nTraceback" in text
    assert text.endswith("ValueError: why\n")
