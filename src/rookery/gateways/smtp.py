"""Mail by SMTP, to the one server that takes ours (RFC 5321, submission as in RFC 6409).

One connection a mail, in a thread: mail is rare, and a session that nobody watches is one more thing that breaks.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime, make_msgid, parseaddr
from pathlib import Path
from typing import Literal

import msgspec

from rookery.core.clock import SECOND, Clock
from rookery.core.mail import Mail, MailDelayed, MailRefused

TIMEOUT = 20.0
"""Seconds for each step. Mail servers answer in one; greylisting ones in some."""
PASSWORD_LIMIT = 1_024
"""Bytes of a password file: more is another file by mistake."""
TOLD_LIMIT = 200
"""Characters of what a mail server says that are passed on."""

Security = Literal["starttls", "tls", "none"]


class SmtpServer(msgspec.Struct, frozen=True, kw_only=True):
    """The server that takes mail, and who we are to it."""

    host: str
    port: int
    security: Security
    sender: str
    """`NAME <ADDRESS>` or an address."""
    user: str | None = None
    password_file: Path | None = None


class Smtp:
    """Carries mail to one server.

    Args:
        context: which certificates are believed; unless given, those that the machine believes.
    """

    def __init__(self, server: SmtpServer, clock: Clock, context: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._clock = clock
        self._context = context

    async def send(self, mail: Mail) -> None:
        """See `Mailer.send`. In a thread of its own that nobody waits for at the end: a mail server that hangs keeps
        nothing from stopping."""
        loop = asyncio.get_running_loop()
        sent: asyncio.Future[None] = loop.create_future()

        def tell(error: BaseException | None) -> None:
            if sent.done():
                return  # who waited has gone
            if error is None:
                sent.set_result(None)
            else:
                sent.set_exception(error)

        def work() -> None:
            told: BaseException | None = None
            try:
                self._send(mail)
            except BaseException as error:
                told = error
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(tell, told)

        threading.Thread(target=work, name="mail", daemon=True).start()
        await sent

    def probe(self) -> None:
        """Connect, log in and leave. Blocks.

        Raises:
            MailDelayed: it does not work; the text says why.
        """
        with self._session():
            pass

    def _send(self, mail: Mail) -> None:
        try:
            message = self._message(mail)
        except ValueError as error:
            raise MailRefused(f"{mail.to[:80]!r} is no address that mail can be sent to ({_told(error)}).") from error
        with self._session() as session:
            try:
                session.send_message(message)
            except (UnicodeError, ValueError, smtplib.SMTPNotSupportedError) as error:
                raise MailRefused(
                    f"{self._server.host} can not take mail to {mail.to[:80]}: {_told(error)}."
                ) from error

    def _message(self, mail: Mail) -> EmailMessage:
        if "@" not in mail.to:
            raise ValueError("there is no @ in it")
        message = EmailMessage(POLICY)
        message["From"] = self._server.sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(datetime.fromtimestamp(self._clock.now() / SECOND, UTC))
        message["Message-ID"] = make_msgid(domain=parseaddr(self._server.sender)[1].rpartition("@")[2])
        # Nobody's absence shall be answered to a machine (RFC 3834 §5).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        return message

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A session that is logged in; what goes wrong in it becomes what `Mailer` says."""
        server = self._server
        where = f"{server.host}:{server.port}"
        try:
            session = self._connected()
            try:
                yield session
            finally:
                # A mail that was taken is taken, however the goodbye goes.
                with suppress(OSError, smtplib.SMTPException):
                    session.quit()
                session.close()
        except smtplib.SMTPAuthenticationError as error:
            raise MailDelayed(f"{where} refuses the log-in of {server.user}: {_said(error)}.") from error
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _ended(where, code, text) from error
        except smtplib.SMTPResponseException as error:
            raise _ended(where, error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise MailDelayed(
                f"{where} does not do what mail_security or mail_user ask for: {_told(error)}."
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise MailDelayed(f"{where} can not be reached: {_told(error)}.") from error

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        password = self._password()
        context = self._context or ssl.create_default_context()
        session: smtplib.SMTP
        if server.security == "tls":
            session = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=context)
        else:
            session = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
        try:
            if server.security == "starttls":
                session.starttls(context=context)
            if server.user is not None:
                session.login(server.user, password)
        except BaseException:
            session.close()
            raise
        return session

    def _password(self) -> str:
        file = self._server.password_file
        if file is None:
            return ""
        try:
            with file.open("rb") as opened:
                found = opened.read(PASSWORD_LIMIT + 1)
            if len(found) > PASSWORD_LIMIT:
                raise MailDelayed(f"{file} is too long for a password: mail_password_file names another file.")
            return found.decode().strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise MailDelayed(f"The password of mail_user can not be read from {file}: {reason}.") from error


def _ended(where: str, code: int, text: bytes | str) -> MailDelayed | MailRefused:
    """What an answer of the server means (RFC 5321 §4.2.1): 5 at its beginning is for ever."""
    told = f"{where} does not take the mail: {code} {_plain(text)}."
    return MailRefused(told) if 500 <= code <= 599 else MailDelayed(told)


def _said(error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_plain(error.smtp_error)}"


def _told(error: Exception) -> str:
    return _plain(error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or "no reason given"


def _plain(text: bytes | str) -> str:
    """What somebody else has said, on one line and without its full stop."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    plain = "".join(character if character.isprintable() else " " for character in words)
    return " ".join(plain.split())[:TOLD_LIMIT].rstrip(".")
