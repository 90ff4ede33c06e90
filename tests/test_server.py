"""The whole node: what listens, in which order it comes and goes, and what is said when it can not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import socket
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from rookery.admin import runfile
from rookery.admin.api import BODY_LIMIT
from rookery.clock import ManualClock
from rookery.core.access import Principal
from rookery.core.clock import SECOND
from rookery.core.exports import LIFETIME, MailState
from rookery.core.records import Device
from rookery.keys.errors import KeysError
from rookery.opened import Core
from rookery.ports import PortUnusable
from rookery.server import Server
from rookery.settings import SettingsError
from rookery.storage.folder import DataFolder, FolderError, FolderInUse
from rookery.wire.mqtt.decode import Framer, decode
from rookery.wire.mqtt.encode import encode
from rookery.wire.mqtt.packets import Connack, Connect
from tests.core.test_things import spec
from tests.serving import ANY_PORTS, browser, serving, settings
from tests.smtp_server import mail_server

SECRET = "a secret key of a board"


async def refused(port: int | None) -> bool:
    """Whether nobody listens there."""
    assert port
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return True
    writer.close()
    await writer.wait_closed()
    return False


def trusting(server: Server) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(server.core.keys.authority_file))


async def owner(server: Server) -> Principal:
    people = server.core.services.people
    person = await people.create("owner@example.org", password="long enough 1")
    return await people.principal(person.id)


class Board:
    """The other end of an MQTT connection, as bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def dial(cls, port: int | None, tls: ssl.SSLContext | None = None) -> Board:
        name = "localhost" if tls else None
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=name))

    async def log_in(self, id: str, secret: str) -> Connack:
        self._writer.write(encode(Connect(client_id=id, username=id, password=secret.encode())))
        (packet,) = [decode(*frame) for frame in Framer(1_000).feed(await self._reader.readexactly(4))]
        assert isinstance(packet, Connack)
        return packet

    async def ended(self) -> bool:
        """The end of the stream; over TLS it is a reset, which no client overlooks."""
        with contextlib.suppress(ConnectionResetError):
            return await self._reader.read() == b""
        return True

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionResetError):
            await self._writer.wait_closed()


async def test_everything_listens_and_is_described(tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as server:
        running = runfile.read(tmp_path / "data")
        assert running is not None
        assert running.pid == os.getpid()
        assert running.url == server.url
        assert running.mqtts == server.ports.mqtts
        assert all(len(ports) == 1 for ports in running.ports.values())
        for path in ("data", "data/run.json", "data/keys/ca.key", "data/catalog.db", "data/telemetry.db"):
            assert (tmp_path / path).stat().st_mode & 0o077 == 0, path


async def test_health_pages_and_the_api_share_a_port(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as client:
        health = await client.get("/health")
        assert health.status_code == 200
        assert health.json()["status"] == "ok"
        assert (await client.get("/iot/v2/things")).status_code == 401
        assert (await client.get("/iot/openapi.json")).json()["openapi"].startswith("3.")
        assert "rookery_boards_online 0.0" in (await client.get("/metrics")).text
        home = await client.get("/", follow_redirects=True)
        assert (home.status_code, home.url.path) == (200, "/console/")
        assert "default-src 'none'" in home.headers["content-security-policy"]
        assert (await client.get("/nothing")).status_code == 404
        assert (await client.get("/-/admin")).status_code == 404
        assert (await client.get("/sandbox/clock")).status_code == 404


async def test_the_same_is_there_over_tls_with_our_authority(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        async with httpx.AsyncClient(verify=trusting(server), trust_env=False) as client:
            answer = await client.get(f"https://localhost:{server.ports.https}/health")
        assert answer.json()["status"] == "ok"


@pytest.mark.parametrize("secure", [False, True])
async def test_boards_log_in_with_a_secret_key(tmp_path: Path, secure: bool) -> None:
    async with serving(tmp_path) as server:
        device = await server.core.services.devices.create(
            await owner(server), "arduino", "login_and_secretkey_wifi", secret=SECRET
        )
        port, tls = (server.ports.mqtts, trusting(server)) if secure else (server.ports.mqtt, None)
        stranger = await Board.dial(port, tls)
        assert (await stranger.log_in(device.id, "a wrong secret key")).code == 5
        await stranger.close()
        board = await Board.dial(port, tls)
        assert (await board.log_in(device.id, SECRET)).code == 0
        assert server.core.services.devices.online(device)
        await server.stop()
        assert await board.ended()
        await board.close()
    core = await Core.open(settings(tmp_path))
    presence = await core.services.devices.presence(device, 1 << 60, 10)
    assert [point.value for point in presence] == [False, True]
    await core.close()


async def test_mqtt_inside_a_websocket(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        assert server.url is not None
        address = server.url.replace("http", "ws") + "/mqtt"
        async with websockets.connect(address, subprotocols=[websockets.Subprotocol("mqtt")], proxy=None) as socket:
            assert socket.subprotocol == "mqtt"
            await socket.send(encode(Connect(client_id="c", username="nobody", password=b"nothing")))
            assert await socket.recv() == encode(Connack(5))
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(server.url.replace("http", "ws") + "/elsewhere", proxy=None)


async def test_listeners_can_be_off(tmp_path: Path) -> None:
    off = dict.fromkeys(ANY_PORTS, "off")
    async with serving(tmp_path, **off) as server:
        assert server.url is None
        assert server.secure_url is None
        running = runfile.read(tmp_path)
        assert running is not None
        assert running.url == ""
        assert not any(running.ports.values())


async def test_stopping_leaves_nothing_behind(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ports = server.ports
    assert runfile.read(tmp_path) is None
    for port in (ports.http, ports.https, ports.mqtt, ports.mqtts, *ports.mqtts_cert):
        assert await refused(port)
    await server.stop()


async def test_a_stop_waits_for_a_request_that_is_being_answered(tmp_path: Path) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        entered.set()
        await leave.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    server = await Server.start(settings(tmp_path), more=lambda _: {"slow": slow})
    async with browser(server) as client:
        asking = asyncio.ensure_future(client.get("/slow/one"))
        await entered.wait()
        stopping = asyncio.ensure_future(server.stop())
        await asyncio.sleep(0)
        leave.set()
        assert (await asking).text == "done"
        await stopping


async def test_a_second_start_finds_what_the_first_has_stored(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        who = await owner(server)
        authority = server.core.keys.authority.fingerprint
        device = await server.core.services.devices.create(who, "arduino", "mkrwifi1010", name="kept")
    async with serving(tmp_path) as server:
        assert server.core.keys.authority.fingerprint == authority
        found = await server.core.services.devices.by_id(device.id)
        assert found is not None
        assert found.name == "kept"
        assert (await server.core.services.people.log_in("owner@example.org", "long enough 1")) is not None


async def test_a_second_server_on_the_folder_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as client:
        with pytest.raises(FolderInUse, match=r"Stop it, or choose another folder\.$"):
            await Server.start(settings(tmp_path))
        assert (await client.get("/health")).status_code == 200
        assert runfile.read(tmp_path) is not None


@pytest.mark.parametrize(
    ("setting", "flag"),
    [
        ("http_port", "--http-port"),
        ("https_port", "--https-port"),
        ("mqtt_port", "--mqtt-port"),
        ("mqtts_port", "--mqtts-port"),
        ("mqtts_cert_ports", "--mqtts-cert-port"),
        ("particle_tcp_port", "--particle-tcp-port"),
    ],
)
async def test_a_taken_port_is_named_with_the_way_out(tmp_path: Path, setting: str, flag: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortUnusable) as told:
            await Server.start(settings(tmp_path, **{setting: str(port)}))
    text = str(told.value)
    assert f"Port {port} ({setting})" in text
    assert f"{flag} N" in text
    assert f"{flag} off" in text
    # Nothing is left open: the folder is free, and so are the other ports.
    DataFolder.open(tmp_path).close()
    assert not (tmp_path / "run.json").exists()


async def test_a_taken_datagram_port_is_named_too(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with pytest.raises(PortUnusable, match=rf"Port {port} \(particle_udp_port\) is taken"):
            await Server.start(settings(tmp_path, particle_udp_port=str(port)))
    DataFolder.open(tmp_path).close()


async def test_an_address_of_another_machine_is_named(tmp_path: Path) -> None:
    with pytest.raises(PortUnusable, match=r"because of its address"):
        await Server.start(settings(tmp_path, host="192.0.2.1"))


async def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match=r"is a file, not a folder"):
        await Server.start(settings(tmp_path / "file"))


async def test_a_broken_key_is_named_and_the_folder_let_go(tmp_path: Path) -> None:
    async with serving(tmp_path):
        pass
    (tmp_path / "keys" / "ca.key").write_text("no key")
    with pytest.raises(KeysError, match=r"ca\.key"):
        await Server.start(settings(tmp_path))
    DataFolder.open(tmp_path).close()


async def test_a_host_that_is_no_name_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"hosts"):
        await Server.start(settings(tmp_path, hosts="not a name!"))


async def test_a_failing_application_is_a_bare_500_for_its_client_only(tmp_path: Path) -> None:
    async def failing(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("the inside of the server")

    server = await Server.start(settings(tmp_path), more=lambda _: {"failing": failing})
    try:
        async with browser(server) as client:
            answer = await client.get("/failing?secret=1")
            assert answer.status_code == 500
            assert "inside" not in answer.text
            assert (await client.get("/health")).status_code == 200
    finally:
        await server.stop()


async def test_the_administration_is_open_to_its_token_only(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await owner(server)
        running = runfile.read(tmp_path)
        assert running is not None
        body = json.dumps({"operation": "user_list"})
        async with httpx.AsyncClient(base_url=running.admin, trust_env=False) as client:
            right = {"authorization": f"Bearer {running.token}"}
            for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {running.token}"}):
                assert (await client.post("/-/admin", content=body, headers=headers)).status_code == 401
            answer = await client.post("/-/admin", content=body, headers=right)
            assert [person["email"] for person in answer.json()["result"]] == ["owner@example.org"]
            assert (await client.get("/-/admin", headers=right)).status_code == 404
            assert (await client.post("/-/admin", content=b"{", headers=right)).status_code == 400
            assert (await client.post("/-/admin", content=b" " * (BODY_LIMIT + 1), headers=right)).status_code == 413


async def test_chores_are_done_by_the_servers_own_clock(tmp_path: Path) -> None:
    clock = ManualClock()
    server = await Server.start(settings(tmp_path, soft_delete_days="1"), clock=clock)
    try:
        services = server.core.services
        who = await owner(server)
        device = await services.devices.create(who, "arduino", "mkrwifi1010")
        await services.devices.delete(who, device.id)
        for hours, there in ((1, True), (23, True), (2, False)):
            await clock.turn_to(clock.now() + hours * 3_600 * SECOND)
            await server.chores_done()
            assert (await services.catalog.get(Device, device.id) is not None) is there
    finally:
        await server.stop()


async def test_whoever_asks_for_an_export_gets_the_link_by_mail(tmp_path: Path) -> None:
    with mail_server() as mail:
        flags = {"mail_server": "localhost", "mail_port": str(mail.port), "mail_security": "none"}
        async with serving(tmp_path, mail_from="Rookery <rookery@example.org>", **flags) as server:
            who = await owner(server)
            thing = await server.core.services.things.create(who, variables=[spec("a")])
            (variable,) = await server.core.services.variables.of(thing)
            export = await server.exports.ask(who, [variable.id], 0, 1)
            await server.exports.idle()
            assert server.exports.of(who)[0].mail is MailState.SENT
            (taken,) = mail.taken
            person = await server.core.services.people.find(who.person_id)
            assert taken.to == [person.email]
            link = re.search(r"^https://\S+", taken.message.get_content(), re.MULTILINE)
            assert link is not None
            assert link[0] == f"{server.secure_url}/iot/exports/{server.exports.token(export)}"
            async with browser(server) as client:
                answer = await client.get(link[0].removeprefix(server.secure_url or ""))
                assert answer.headers["content-type"] == "application/zip"


async def test_an_expired_export_goes_with_the_chores(tmp_path: Path) -> None:
    clock = ManualClock()
    server = await Server.start(settings(tmp_path), clock=clock)
    try:
        who = await owner(server)
        thing = await server.core.services.things.create(who, variables=[spec("a")])
        (variable,) = await server.core.services.variables.of(thing)
        export = await server.exports.ask(who, [variable.id], 0, clock.now())
        await server.exports.idle()
        async with browser(server) as client:
            path = f"/iot/exports/{server.exports.token(export)}"
            assert (await client.get(path)).headers["content-type"] == "application/zip"
            folder = server.core.folder.blobs / "exports"
            assert sorted(os.listdir(folder)) == [f"{export.id}.json", f"{export.id}.zip"]
            await clock.turn_to(clock.now() + LIFETIME + 3_600 * SECOND)
            await server.chores_done()
            assert (await client.get(path)).status_code == 404
            assert os.listdir(folder) == []
    finally:
        await server.stop()
