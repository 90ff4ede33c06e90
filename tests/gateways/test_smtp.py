"""Mail on real sockets: what arrives, how the way to the server is protected, and what each refusal means."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from rookery.core.mail import Mail, MailDelayed, MailRefused
from rookery.gateways.smtp import PASSWORD_LIMIT, Smtp, SmtpServer
from rookery.keys import KeyStore, server_names
from tests.fakes import ManualClock
from tests.smtp_server import MailServer, mail_server

SENDER = "Rookery <rookery@example.org>"
MAIL = Mail(to="ada@example.org", subject="Ready: Küche / °C", text="Line one\n.\nhttps://rookery.example.org/x\n")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> KeyStore:
    names = server_names(("localhost",), ("127.0.0.1",), machine="machine")
    return KeyStore.open(tmp_path_factory.mktemp("keys"), names, time.time_ns() // 1000, subject=(("CN", "Test"),))


def smtp(server: MailServer, store: KeyStore | None = None, **options: Any) -> Smtp:
    given = SmtpServer(**{"host": "localhost", "port": server.port, "security": "none", "sender": SENDER} | options)
    # Without a store nobody's certificate is believed.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return Smtp(given, ManualClock(), ssl.create_default_context(cafile=store.authority_file) if store else context)


async def test_what_arrives_is_what_was_sent() -> None:
    with mail_server() as server:
        await smtp(server).send(MAIL)
    (taken,) = server.taken
    assert (taken.sender, taken.to) == ("rookery@example.org", ["ada@example.org"])
    message = taken.message
    assert message["From"] == SENDER
    assert message["To"] == MAIL.to
    assert message["Subject"] == MAIL.subject
    assert message["Date"] == "Wed, 01 Jan 2025 00:00:00 +0000"
    assert message["Message-ID"].endswith("@example.org>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().replace("\r\n", "\n") == MAIL.text
    assert not taken.encrypted


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_log_in_goes_over_tls(store: KeyStore, tmp_path: Path, security: str) -> None:
    password = tmp_path / "password"
    password.write_text("pass word\n")
    with mail_server(context=store.tls.context(), at_once=security == "tls", users={"me": "pass word"}) as server:
        await smtp(server, store, security=security, user="me", password_file=password).send(MAIL)
    assert [(taken.encrypted, taken.user) for taken in server.taken] == [(True, "me")]


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_that_nobody_vouches_for_gets_no_mail(store: KeyStore, security: str) -> None:
    with (
        mail_server(context=store.tls.context(), at_once=security == "tls") as server,
        pytest.raises(MailDelayed, match=r"can not be reached: .*CERTIFICATE_VERIFY_FAILED"),
    ):
        await smtp(server, security=security).send(MAIL)
    assert server.taken == []


async def test_a_server_without_tls_gets_no_mail_where_it_is_asked_for() -> None:
    told = "does not do what mail_security or mail_user ask for: STARTTLS"
    with mail_server() as server, pytest.raises(MailDelayed, match=told):
        await smtp(server, security="starttls").send(MAIL)
    assert server.taken == []


REFUSALS = [
    ("HELLO", "421 Too busy.", MailDelayed, "421 Too busy."),
    ("HELLO", "554 Not you.", MailRefused, "554 Not you."),
    ("MAIL", "451 later", MailDelayed, "451 later."),
    ("MAIL", "550 5.7.1 Not from here", MailRefused, "550 5.7.1 Not from here."),
    ("RCPT", "450 4.2.0 Greylisted\x07 for now", MailDelayed, "450 4.2.0 Greylisted for now."),
    ("RCPT", "550 5.1.1 No such user", MailRefused, "550 5.1.1 No such user."),
    ("DATA", "452 full", MailDelayed, "452 full."),
    (".", "554 Spam", MailRefused, "554 Spam."),
]


@pytest.mark.parametrize(("command", "answer", "error", "told"), REFUSALS, ids=[f"{r[0]} {r[1]}" for r in REFUSALS])
async def test_what_the_server_says_decides_whether_to_try_again(
    command: str, answer: str, error: type[Exception], told: str
) -> None:
    with mail_server(answers={command: answer}) as server, pytest.raises(error) as caught:
        await smtp(server).send(MAIL)
    assert str(caught.value) == f"localhost:{server.port} does not take the mail: {told}"


async def test_a_mail_that_was_taken_is_taken_however_the_goodbye_goes() -> None:
    with mail_server(answers={"QUIT": "421 I am off."}) as server:
        await smtp(server).send(MAIL)
    assert len(server.taken) == 1


async def test_a_wrong_password_can_be_mended(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("wrong")
    with mail_server(users={"me": "right"}) as server:
        given = smtp(server, user="me", password_file=password)
        with pytest.raises(MailDelayed, match=r"refuses the log-in of me: 535 5\.7\.8 Wrong name or password\.$"):
            await given.send(MAIL)
        password.write_text("right\r\n")
        await given.send(MAIL)
    assert len(server.taken) == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "No such file"),
        (b"\xff\xfe", "it is not UTF-8 text"),
        (b"x" * (PASSWORD_LIMIT + 1), "too long for a password"),
    ],
)
async def test_a_password_file_that_is_none(tmp_path: Path, content: bytes | None, told: str) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    with mail_server(users={"me": "x"}) as server, pytest.raises(MailDelayed, match=told):
        await smtp(server, user="me", password_file=file).send(MAIL)


@pytest.mark.parametrize("to", ["ada@example.org\r\nBcc: all@example.org", "", "küche@example.org"])
async def test_what_is_no_address_is_refused(to: str) -> None:
    with mail_server() as server, pytest.raises(MailRefused):
        await smtp(server).send(Mail(to=to, subject="s", text="t"))
    assert server.taken == []


async def test_nobody_there() -> None:
    with mail_server() as server:
        pass
    with pytest.raises(MailDelayed, match=f"localhost:{server.port} can not be reached: Connection refused"):
        await smtp(server).send(MAIL)


async def test_a_probe_sends_nothing() -> None:
    with mail_server() as server:
        await asyncio.to_thread(smtp(server).probe)
    assert server.taken == []


def test_a_server_that_hangs_keeps_nothing_from_stopping() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        given = SmtpServer(host="127.0.0.1", port=listening.getsockname()[1], security="none", sender=SENDER)

        async def stopped_meanwhile() -> socket.socket:
            sending = asyncio.ensure_future(Smtp(given, ManualClock()).send(MAIL))
            line, _ = await asyncio.to_thread(listening.accept)
            sending.cancel()
            return line

        line = asyncio.run(stopped_meanwhile())
        (hanging,) = [thread for thread in threading.enumerate() if thread.name == "mail"]
        line.close()
    hanging.join(30)
    assert not hanging.is_alive()
