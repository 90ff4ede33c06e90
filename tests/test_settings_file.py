"""Changing the settings file for somebody who does not see it."""

from __future__ import annotations

import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.settings import Settings, SettingsError
from rookery.settings_file import edit, plain_of, save, toml_of

FILE = """# my server
http_port = 8081   # the proxy dials this

hosts = [
  "a.example", # the first
  "b.example",
]
"log_level" = "info"
"""


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"http_port": 9000}, FILE.replace("8081   #", "9000  #")),
        ({"http_port": "off"}, FILE.replace("8081   #", '"off"  #')),
        ({"http_port": None}, FILE.replace("http_port = 8081   # the proxy dials this\n", "")),
        ({"hosts": ["c"]}, FILE.replace('[\n  "a.example", # the first\n  "b.example",\n]', '["c"]')),
        ({"log_level": "debug"}, FILE.replace('"log_level" = "info"', 'log_level = "debug"')),
        ({"sync": "normal"}, FILE + 'sync = "normal"\n'),
        ({"sync": None}, FILE),
        ({}, FILE),
    ],
)
def test_only_what_changes_is_changed(changes: dict[str, Any], wanted: str) -> None:
    assert edit(FILE, changes) == wanted


def test_a_name_inside_a_value_is_no_setting() -> None:
    text = 'hosts = [\n"x",\n"""\nsync = 1\n""",\n]\n'
    assert edit(text, {"sync": "full"}) == text + 'sync = "full"\n'


def test_a_last_line_without_an_end_is_kept_apart() -> None:
    assert edit("http_port = 1", {"sync": "full"}) == 'http_port = 1\nsync = "full"\n'


def test_what_is_no_toml_is_left_alone() -> None:
    with pytest.raises(SettingsError, match="not valid TOML"):
        edit("http_port = [1,\n", {"sync": "full"})


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(text: str) -> None:
    assert tomllib.loads(f"a = {toml_of(text)}") == {"a": text}


def test_values_are_written_as_the_file_has_them() -> None:
    assert toml_of((True, 1, 0.5, Path("/x"), ip_network("10.0.0.0/8"))) == '[true, 1, 0.5, "/x", "10.0.0.0/8"]'
    assert plain_of((Path("/x"), None, 3)) == ["/x", None, 3]
    with pytest.raises(TypeError):
        toml_of(object())


def test_saved_settings_are_those_of_the_next_start(tmp_path: Path) -> None:
    settings = Settings.load({"ROOKERY_LOG_LEVEL": "debug"}, {"data_dir": tmp_path, "https_port": 9443})
    after = save(settings, {"hosts": ["a.example"], "log_level": "error", "tls_cert": "k.pem", "tls_key": "k.pem"})
    assert after.hosts == ("a.example",)
    assert (after.log_level, after.https_port) == ("debug", 9443)
    assert after.tls_cert == tmp_path / "k.pem"
    assert after.origins == {
        "hosts": "file",
        "tls_cert": "file",
        "tls_key": "file",
        "log_level": "environment",
        "https_port": "flag",
        "data_dir": "flag",
    }
    assert Settings.load({}, {"data_dir": tmp_path}).log_level == "error"
    assert (tmp_path / "rookery.toml").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"http_port": 99_999}, "http_port in .* must be a port number"),
        ({"http_port": 8443}, "both 8443"),
        ({"tls_cert": "x"}, "tls_cert is set without tls_key"),
        ({"nothing": 1}, "nothing in .* is no setting"),
        ({"data_dir": "/x"}, "cannot be set in"),
    ],
)
def test_what_can_not_be_used_is_not_written(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    (tmp_path / "rookery.toml").write_text(FILE)
    settings = Settings.load({}, {"data_dir": tmp_path})
    with pytest.raises(SettingsError, match=why):
        save(settings, changes)
    assert (tmp_path / "rookery.toml").read_text() == FILE


def test_a_file_that_can_not_be_written_is_a_sentence(tmp_path: Path) -> None:
    settings = Settings.load({}, {"data_dir": tmp_path / "gone"})
    with pytest.raises(SettingsError, match="cannot be changed"):
        save(settings, {"sync": "normal"})


def test_what_runs_takes_over_before_it_is_written_and_goes_back_when_it_can_not_be(tmp_path: Path) -> None:
    settings = Settings.load({}, {"data_dir": tmp_path})
    heard: list[str] = []
    save(settings, {"sync": "normal"}, lambda after: heard.append(after.sync))
    assert heard == ["normal"]

    def refuse(after: Settings) -> None:
        raise SettingsError("no")

    with pytest.raises(SettingsError, match="no"):
        save(settings, {"sync": "full"}, refuse)
    assert (tmp_path / "rookery.toml").read_text() == 'sync = "normal"\n'
    away = Settings.load({}, {"data_dir": tmp_path / "gone"})
    with pytest.raises(SettingsError, match="cannot be changed"):
        save(away, {"sync": "normal"}, lambda after: heard.append(after.sync))
    assert heard == ["normal", "normal", "full"]
