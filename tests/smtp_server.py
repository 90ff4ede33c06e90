"""A mail server for tests: takes mail over SMTP on a port of this machine, in a thread, and answers as it is told."""

from __future__ import annotations

import base64
import email
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast


@dataclass
class Taken:
    """One mail, and how it came."""

    sender: str
    to: list[str]
    message: EmailMessage
    encrypted: bool
    user: str | None


@dataclass
class MailServer:
    """What it does, and what it has taken."""

    context: ssl.SSLContext | None = None
    at_once: bool = False
    """TLS from the first byte; else it offers STARTTLS where it has a context."""
    users: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    """Replies by command, in the place of its own. "." is the end of a mail."""
    taken: list[Taken] = field(default_factory=list)
    port: int = 0


class _Session(socketserver.StreamRequestHandler):
    def finish(self) -> None:
        """Close what TLS has put over the socket as well."""
        super().finish()
        self.request.close()

    def handle(self) -> None:
        """One session."""
        self.mail: MailServer = cast(Any, self.server).mail
        self.encrypted, self.user = False, None
        if self.mail.at_once:
            self._encrypt()
        self._say(self.mail.answers.get("HELLO", "220 mail.test"))
        sender, to = "", []
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            verb, _, rest = line.partition(" ")
            verb = verb.upper()
            if verb == "MAIL":
                sender, to = rest.split(":", 1)[1].split()[0].strip("<>"), []
            elif verb == "RCPT":
                to.append(rest.split(":", 1)[1].strip("<>"))
            if verb in self.mail.answers:
                self._say(self.mail.answers[verb])
            elif verb == "EHLO":
                self._say(*self._offers())
            elif verb == "STARTTLS":
                self._say("220 go on")
                self._encrypt()
            elif verb == "AUTH":
                self._say(self._log_in(rest))
            elif verb == "DATA":
                self._say("354 go on")
                self._take(sender, to)
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _offers(self) -> list[str]:
        lines = ["250-mail.test"]
        if self.mail.context is not None and not self.encrypted:
            lines.append("250-STARTTLS")
        if self.mail.users:
            lines.append("250-AUTH PLAIN")
        return [*lines, "250 8BITMIME"]

    def _log_in(self, rest: str) -> str:
        _, name, password = base64.b64decode(rest.split()[1]).decode().split("\0")
        if self.mail.users.get(name) != password:
            return "535 5.7.8 Wrong name or password."
        self.user = name
        return "235 welcome"

    def _take(self, sender: str, to: list[str]) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b"..") else line)
        message = email.message_from_bytes(b"".join(lines), policy=default)
        self.mail.taken.append(Taken(sender, to, message, self.encrypted, self.user))
        self._say(self.mail.answers.get(".", "250 taken"))

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def _encrypt(self) -> None:
        assert self.mail.context is not None
        self.request = self.mail.context.wrap_socket(self.request, server_side=True)
        self.rfile = self.request.makefile("rb")
        self.wfile = self.request.makefile("wb", buffering=0)
        self.encrypted = True


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is part of some tests."""


@contextmanager
def mail_server(**options: Any) -> Iterator[MailServer]:
    """One that takes mail until the end of the block."""
    mail = MailServer(**options)
    with _Listener(("127.0.0.1", 0), _Session) as listener:
        cast(Any, listener).mail = mail
        mail.port = listener.server_address[1]
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield mail
        finally:
            listener.shutdown()
            thread.join()
