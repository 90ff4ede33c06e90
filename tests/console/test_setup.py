"""Names and certificates of a whole server, changed while it runs."""

from __future__ import annotations

import asyncio
import socket
import ssl
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509

from rookery.arduino.ca import SUBJECT
from rookery.core.clock import SECOND
from rookery.keys import Authority
from rookery.keys.authority import key_bytes
from rookery.keys.names import names_of
from rookery.keys.tls import pem_of
from rookery.server import Server
from tests.console.conftest import refused
from tests.console.watching import Someone
from tests.serving import serving


@asynccontextmanager
async def operator(folder: Path, **flags: Any) -> AsyncIterator[tuple[Server, httpx.AsyncClient]]:
    async with serving(folder, **flags) as server:
        ada = await Someone.signed_in(server)
        headers = {"cookie": ada.cookie, "origin": server.url or ""}
        base = f"{server.url}/console/api/"
        async with httpx.AsyncClient(base_url=base, headers=headers, trust_env=False, timeout=30) as browser:
            yield server, browser


def own_pair(name: str = "own.example.org") -> dict[str, str]:
    """A certificate of another authority, and its key."""
    now = 1_780_000_000 * SECOND
    authority = Authority.create(SUBJECT, now)
    return {
        "certificate": pem_of(
            [authority.issue_server(authority.key.public_key(), (name,), now), authority.certificate]
        ),
        "key": key_bytes(authority.key).decode(),
    }


def shown_to_clients(server: Server, name: str) -> frozenset[str]:
    """The names of the certificate that a new connection sees."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", server.ports.https or 0), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        return names_of(x509.load_der_x509_certificate(secure.getpeercert(binary_form=True) or b""))


async def test_names_are_changed_while_the_server_runs(tmp_path: Path) -> None:
    (tmp_path / "rookery.toml").write_text("# mine\nlog_level = 'info'\n")
    async with operator(tmp_path) as (server, browser):
        before = (await browser.get("setup")).json()
        assert before["hosts"] == []
        assert before["own"] is False
        assert before["ca"]["fingerprint"] == server.core.keys.authority.fingerprint
        assert "cloud.example.org" not in before["names"]
        answer = await browser.put("setup", json={"hosts": [" Cloud.Example.org ", "192.0.2.7", "", "192.0.2.7"]})
        assert answer.status_code == 200, answer.text
        after = answer.json()
        assert after["hosts"] == ["cloud.example.org", "192.0.2.7"]
        assert {"cloud.example.org", "wss.cloud.example.org", "192.0.2.7", "localhost"} <= set(after["names"])
        assert after["secure_url"] == f"https://cloud.example.org:{server.ports.https}"
        assert after["certificate"]["warnings"] == []
        session = (await browser.get("session")).json()
        assert session["server"]["hosts"] == after["hosts"]
        assert "cloud.example.org" in await asyncio.to_thread(shown_to_clients, server, "cloud.example.org")
        text = (tmp_path / "rookery.toml").read_text()
        assert text.startswith("# mine\nlog_level = 'info'\n")
        assert tomllib.loads(text)["hosts"] == after["hosts"]
    async with serving(tmp_path) as server:
        assert server.core.settings.hosts == ("cloud.example.org", "192.0.2.7")


async def test_an_own_certificate_comes_and_goes(tmp_path: Path) -> None:
    async with operator(tmp_path) as (server, browser):
        answer = await browser.put("setup", json={"own_certificate": own_pair()})
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["own"], told["names"]) == (True, ["own.example.org"])
        assert server.core.keys.own_certificate is not None
        kept = tmp_path / "keys" / "own.pem"
        assert kept.stat().st_mode & 0o777 == 0o600
        assert tomllib.loads((tmp_path / "rookery.toml").read_text())["tls_cert"] == "keys/own.pem"
        replaced = await browser.put("setup", json={"own_certificate": own_pair("two.example.org")})
        assert replaced.json()["names"] == ["two.example.org"]
        other = own_pair()["key"]
        broken = {"certificate": own_pair()["certificate"], "key": other}
        before = kept.read_bytes()
        for wrong in (broken, {"certificate": "x", "key": "y"}, {"certificate": other, "key": other}):
            refusal = refused(await browser.put("setup", json={"own_certificate": wrong}))
            assert refusal == (400, "invalid", "own_certificate")
        assert kept.read_bytes() == before
        assert sorted(path.name for path in kept.parent.glob("own*")) == ["own.pem"]
        back = (await browser.put("setup", json={"own_certificate": None})).json()
        assert back["own"] is False
        assert "localhost" in back["names"]
        assert "tls_cert" not in (tmp_path / "rookery.toml").read_text()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"hosts": ["no name!"]}, "hosts"),
        ({"hosts": ["x" * 10_000]}, "hosts"),
        ({"hosts": [f"h{n}.example" for n in range(100)]}, "hosts"),
        ({"certificate_names": ["1.2.3.4.5"]}, "certificate_names"),
        ({"certificate_names": ["a" * 64 + ".example"]}, "certificate_names"),
        ({"hosts": "a.example"}, "hosts"),
        ({"own_certificate": {"certificate": "x" * 300_000, "key": ""}}, "own_certificate.certificate"),
    ],
)
async def test_names_that_can_not_be_used_change_nothing(tmp_path: Path, given: Any, field: str) -> None:
    async with operator(tmp_path) as (server, browser):
        assert refused(await browser.put("setup", json=given)) == (400, "invalid", field)
        assert not (tmp_path / "rookery.toml").exists()
        assert server.core.settings.hosts == ()


async def test_what_a_flag_says_can_not_be_changed(tmp_path: Path) -> None:
    async with operator(tmp_path, hosts="flag.example") as (_, browser):
        assert (await browser.get("setup")).json()["locked"] == {"hosts": "flag"}
        assert refused(await browser.put("setup", json={"hosts": []})) == (409, "locked", "hosts")


async def test_the_authority_for_phones_and_programs(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        async with httpx.AsyncClient(base_url=f"{server.url}/console/api/", trust_env=False) as nobody:
            pem, der = await nobody.get("ca.pem"), await nobody.get("ca.crt")
        assert pem.text == server.core.keys.authority.pem
        assert x509.load_der_x509_certificate(der.content) == server.core.keys.authority.certificate
        assert pem.headers["content-type"] == "application/x-pem-file"
        assert der.headers["content-type"] == "application/x-x509-ca-cert"
        assert der.headers["content-disposition"] == 'attachment; filename="rookery-ca.crt"'


async def test_settings_are_shown_changed_and_wait_for_the_next_start(tmp_path: Path) -> None:
    async with operator(tmp_path) as (server, browser):
        told = (await browser.get("settings")).json()
        rows = {row["name"]: row for row in told["settings"]}
        assert told["file"] == str(tmp_path / "rookery.toml")
        assert told["restart_needed"] is False
        assert (rows["http_port"]["source"], rows["http_port"]["editable"]) == ("flag", False)
        assert (rows["data_dir"]["editable"], rows["sync"]["source"]) == (False, "default")
        assert rows["sync"] | {"doc": "", "rule": ""} == {
            "name": "sync",
            "group": "Storage",
            "doc": "",
            "unit": "",
            "rule": "",
            "kind": "choice",
            "choices": ["full", "normal"],
            "value": "full",
            "saved": "full",
            "default": "full",
            "source": "default",
            "environment": "ROOKERY_SYNC",
            "risk": '"normal" may lose the last moments before a power cut, although they were acknowledged.',
            "restart": True,
            "pending": False,
            "editable": True,
        }
        changes = {"sync": "normal", "session_days": 7, "webhook_networks": ["192.168.1.0/24"], "bridge": False}
        told = (await browser.put("settings", json=changes)).json()
        rows = {row["name"]: row for row in told["settings"]}
        assert told["restart_needed"] is True
        assert (rows["sync"]["value"], rows["sync"]["saved"], rows["sync"]["pending"]) == ("full", "normal", True)
        assert rows["sync"]["source"] == "file"
        assert (rows["session_days"]["value"], rows["session_days"]["pending"]) == (7, False)
        assert rows["webhook_networks"]["saved"] == ["192.168.1.0/24"]
        assert server.core.settings.session_days == 7
        told = (await browser.put("settings", json=dict.fromkeys(changes))).json()
        assert told["restart_needed"] is False
        assert server.core.settings.session_days == 30
        assert (tmp_path / "rookery.toml").read_text() == ""


@pytest.mark.parametrize(
    ("changes", "status", "code", "field"),
    [
        ({"sync": "sometimes"}, 400, "invalid", "sync"),
        ({"session_days": 0}, 400, "invalid", "session_days"),
        ({"bridge": "perhaps"}, 400, "invalid", "bridge"),
        ({"log_level": "x" * 10_000}, 400, "invalid", "log_level"),
        ({"hosts": ["no name!"]}, 400, "invalid", "hosts"),
        ({"tls_cert": "nothing.pem"}, 400, "invalid", "tls_cert"),
        ({"tls_cert": "nothing.pem", "tls_key": "nothing.key"}, 400, "invalid", "tls_cert"),
        ({"data_dir": "/tmp"}, 400, "invalid", "data_dir"),
        ({"nothing": 1}, 400, "invalid", "nothing"),
        ({"http_port": 80}, 409, "locked", "http_port"),
        ([], 400, "invalid", None),
    ],
)
async def test_settings_that_can_not_be_used_change_nothing(
    tmp_path: Path, changes: Any, status: int, code: str, field: str | None
) -> None:
    async with operator(tmp_path) as (server, browser):
        names = server.core.keys.names
        assert refused(await browser.put("settings", json=changes)) == (status, code, field)
        written = tmp_path / "rookery.toml"
        assert not written.exists() or written.read_text() == ""
        assert server.core.keys.names == names
        assert (await browser.get("settings")).json()["restart_needed"] is False


async def test_a_file_that_was_broken_meanwhile_is_left_alone(tmp_path: Path) -> None:
    async with operator(tmp_path) as (_, browser):
        (tmp_path / "rookery.toml").write_text("hosts = [")
        assert refused(await browser.put("settings", json={"sync": "normal"}))[:2] == (400, "invalid")
        assert (tmp_path / "rookery.toml").read_text() == "hosts = ["
