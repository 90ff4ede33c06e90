"""Settings: where they come from, who wins, what is refused and how; and that the documentation says the same."""

from __future__ import annotations

from dataclasses import fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from rookery.settings import DESCRIBED, Settings, SettingsError, document


def load(folder: Path, environ: dict[str, str] | None = None, **flags: object) -> Settings:
    return Settings.load({"ROOKERY_DATA_DIR": str(folder), **(environ or {})}, flags)


def write(folder: Path, text: str) -> None:
    (folder / "rookery.toml").write_text(text, encoding="utf-8")


def test_the_documentation_is_what_the_code_would_write() -> None:
    path = Path(__file__).parents[1] / "docs" / "settings.md"
    assert path.read_text(encoding="utf-8") == document(), "run: python -m rookery.settings > docs/settings.md"


def test_every_setting_is_described_once_and_its_default_keeps_its_own_rule() -> None:
    settings = [item for item in fields(Settings) if item.name != "origins"]
    assert [item.name for item in settings] == list(DESCRIBED)
    for item in settings:
        described = DESCRIBED[item.name]
        assert described.text.endswith((".", ".`"))
        if item.default is not None and item.default != ():
            assert described.kind.read(item.default) == item.default


def test_without_any_source_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.load({"HOME": "/home/me"})
    assert settings == Settings(data_dir=tmp_path / "rookery-data")


def test_plain_listeners_stay_on_this_machine_unless_told_otherwise(tmp_path: Path) -> None:
    assert load(tmp_path).plain_host == "127.0.0.1"
    assert load(tmp_path).host == "0.0.0.0"
    assert load(tmp_path, host="10.0.0.1").plain_host == "127.0.0.1"


def test_flags_win_over_environment_and_environment_over_file(tmp_path: Path) -> None:
    write(tmp_path, "http_port = 1\nhttps_port = 1\nmqtt_port = 1234\n")
    environ = {"ROOKERY_HTTP_PORT": "2", "ROOKERY_HTTPS_PORT": "22"}
    settings = load(tmp_path, environ, http_port=3, https_port=None)
    assert (settings.http_port, settings.https_port, settings.mqtt_port) == (3, 22, 1234)


def test_the_file_is_looked_for_in_the_folder_that_the_flag_names(tmp_path: Path) -> None:
    write(tmp_path, 'log_level = "debug"')
    assert Settings.load({"ROOKERY_DATA_DIR": "/nowhere"}, {"data_dir": tmp_path}).log_level == "debug"


GOOD: list[tuple[str, Any, str, Any]] = [
    # setting, in the file, in the environment, value
    ("http_port", 0, "0", 0),
    ("http_port", "off", "off", None),
    ("http_port", "OFF", " Off ", None),
    ("mqtt_port", 65535, "65535", 65535),
    ("mqtts_cert_ports", [8885, 8883], "8885,8883", (8885, 8883)),
    ("mqtts_cert_ports", 9000, "9000", (9000,)),
    ("mqtts_cert_ports", [0, 0], "0, 0", (0, 0)),
    ("mqtts_cert_ports", "off", "off", ()),
    ("hosts", ["a.example", "10.0.0.1"], "a.example, 10.0.0.1", ("a.example", "10.0.0.1")),
    ("hosts", "a.example", "a.example,", ("a.example",)),
    ("group_commit_ms", 2.5, "2.5", 2.5),
    ("group_commit_ms", 20, "20", 20.0),
    ("sync", "normal", "normal", "normal"),
    ("log_format", "json", "json", "json"),
    ("soft_delete_days", 0, "0", 0),
    ("token_lifetime", 60, "60", 60),
    ("particle_udp_port", "off", "off", None),
    ("bridge", False, "off", False),
    ("bridge", True, " Yes ", True),
    ("particle_trust", "registered", "registered", "registered"),
    ("particle_clients", ["app:s3:cret"], "app:s3:cret", (("app", "s3:cret"),)),
    ("webhook_networks", ["10.0.0.0/8", "::1"], "10.0.0.0/8,::1", (ip_network("10.0.0.0/8"), ip_network("::1"))),
    ("client_cas", ["/a.pem", "/b.pem"], "/a.pem,/b.pem", (Path("/a.pem"), Path("/b.pem"))),
]


def in_toml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(in_toml(part) for part in value)}]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


@pytest.mark.parametrize(("name", "in_file", "in_environment", "expected"), GOOD)
def test_a_value_reads_the_same_from_every_source(
    tmp_path: Path, name: str, in_file: Any, in_environment: str, expected: Any
) -> None:
    assert getattr(load(tmp_path, **{name: in_file}), name) == expected
    assert getattr(load(tmp_path, {f"ROOKERY_{name.upper()}": in_environment}), name) == expected
    write(tmp_path, f"{name} = {in_toml(in_file)}")
    assert getattr(load(tmp_path), name) == expected


BAD = [
    ("http_port = 65536", "http_port in .*rookery.toml must be a port number .* not 65536"),
    ("http_port = -1", "http_port in .* not -1"),
    ("http_port = true", "http_port in .* not True"),
    ("http_port = 80.5", r"http_port in .* not 80\.5"),
    ('http_port = "on"', "http_port in .* or \"off\", not 'on'"),
    ("mqtts_cert_ports = [8885, 8885]", "mqtts_cert_ports in .* must be different port numbers"),
    ("mqtts_cert_ports = 8.5", "mqtts_cert_ports in .* must be different port numbers"),
    ("hosts = [1]", "hosts in .* must be a list of names"),
    ('hosts = [""]', "hosts in .* must be a list of names"),
    ("host = 5", "host in .* must be a text"),
    ('sync = "sometimes"', 'sync in .* must be "full" or "normal", not \'sometimes\''),
    ("group_commit_ms = 21", "group_commit_ms in .* must be a number from 0 to 20, not 21"),
    ("group_commit_ms = nan", "group_commit_ms in .* not nan"),
    ("group_commit_ms = true", "group_commit_ms in .* not True"),
    ("token_lifetime = 1.5", "token_lifetime in .* must be a whole number"),
    ("rest_max_body = []", "rest_max_body in .* must be a whole number"),
    (f'log_level = "{"x" * 500}"', r"log_level in .*\.\.\.\.$"),
    ("htp_port = 80", r"htp_port in .* is no setting \(did you mean http_port\?\)\."),
    ("zzz = 80", r"zzz in .* is no setting; docs/settings\.md lists them all"),
    ('data_dir = "x"', "data_dir cannot be set in .*: use --data-dir or ROOKERY_DATA_DIR"),
    ("bridge = 2", "bridge in .* must be true or false, not 2"),
    ('bridge = "maybe"', "bridge in .* must be true or false"),
    ('particle_clients = ["app"]', "particle_clients in .* must be a list of pairs id:secret"),
    ('webhook_networks = ["10.0.0.1/8"]', "webhook_networks in .* must be a list of networks"),
    ("particle_tcp_port = 8080", "http_port and particle_tcp_port are both 8080"),
    ("http_port = ", "is not valid TOML"),
    ('tls_cert = "a.pem"', "tls_cert is set without tls_key: set both, or neither"),
    ('tls_key = "a.pem"', "tls_key is set without tls_cert"),
    ('mail_server = "mail.test"', "mail_server is set without an address in mail_from: give it the one"),
    ('mail_server = "mail.test"\nmail_from = "Rookery"', "mail_server is set without an address in mail_from"),
    ('mail_server = "mail.test"\nmail_from = "a@b.c\\nBcc: d@e.f"', "without an address in mail_from"),
    ('mail_server = "mail.test"\nmail_from = "a@b.c"\nmail_user = "a"', "mail_user and mail_password_file go together"),
    (
        'mail_server = "mail.test"\nmail_from = "a@b.c"\nmail_user = "a"\nmail_password_file = "p"\n'
        'mail_security = "none"',
        'mail_security is "none", so the password of mail_user would go readable over the network',
    ),
    ("mqtt_port = 8884", "mqtt_port and mqtts_port are both 8884"),
    ("https_port = 8883", "https_port and mqtts_cert_ports are both 8883"),
]


@pytest.mark.parametrize(("text", "says"), BAD)
def test_a_mistake_in_the_file_gets_one_plain_sentence(tmp_path: Path, text: str, says: str) -> None:
    write(tmp_path, text)
    with pytest.raises(SettingsError, match=says) as caught:
        load(tmp_path)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_mistake_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"ROOKERY_MQTT_PORT must be a port number .*, not 'mqtt'"):
        load(tmp_path, {"ROOKERY_MQTT_PORT": "mqtt"})
    with pytest.raises(SettingsError, match=r"ROOKERY_MQT_PORT is no setting \(did you mean ROOKERY_MQTT_PORT\?\)\."):
        load(tmp_path, {"ROOKERY_MQT_PORT": "1"})


def test_a_mistake_on_the_command_line_names_the_flag(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--mqtts-cert-port must be"):
        load(tmp_path, mqtts_cert_ports="x")
    with pytest.raises(SettingsError, match="--http-port must be"):
        load(tmp_path, http_port="99999")
    with pytest.raises(SettingsError, match="--colour is no setting"):
        load(tmp_path, colour="red")


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    assert load(tmp_path, {"ROOKERY_HTTP_PORT": ""}).http_port == 8080


def test_paths_in_the_file_are_relative_to_it(tmp_path: Path) -> None:
    write(tmp_path, 'tls_cert = "own/cert.pem"\ntls_key = "/abs/key.pem"\nclient_cas = ["a.pem"]')
    settings = load(tmp_path)
    assert settings.tls_cert == tmp_path / "own" / "cert.pem"
    assert settings.tls_key == Path("/abs/key.pem")
    assert settings.client_cas == (tmp_path / "a.pem",)


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "rookery.toml"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"rookery\.toml cannot be read"):
        load(tmp_path)


def test_what_other_commands_and_later_versions_read_from_the_environment_is_no_setting() -> None:
    """It may be exported for good."""
    settings = Settings.load(
        {"ROOKERY_CLIENT_ID": "x" * 32, "ROOKERY_CLIENT_SECRET": "y" * 64, "ROOKERY_PARTICLE_TCP_PORT": "5683"}
    )
    assert settings == Settings.load({})
