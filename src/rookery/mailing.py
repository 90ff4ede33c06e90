"""What sends mail: the carrier that the settings name, and who has something to say.

A part of the composition root, in a file of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rookery.clock import SystemClock
from rookery.core.export_mail import ExportMail
from rookery.core.services import Services
from rookery.settings import Settings

if TYPE_CHECKING:
    from rookery.gateways.smtp import Security, Smtp


def smtp_of(settings: Settings) -> Smtp | None:
    """The way to the mail server; None when none is set up."""
    if settings.mail_server is None or settings.mail_from is None:
        return None
    from rookery.gateways.smtp import Smtp, SmtpServer

    server = SmtpServer(
        host=settings.mail_server,
        port=settings.mail_port,
        security=cast("Security", settings.mail_security),
        sender=settings.mail_from,
        user=settings.mail_user,
        password_file=settings.mail_password_file,
    )
    # A date on a mail is for the real world, also when the server's own clock is turned by hand.
    return Smtp(server, SystemClock())


def export_mail(settings: Settings, services: Services, base_url: str) -> ExportMail | None:
    """Who tells people that their exports are ready; None without a mail server.

    Args:
        base_url: of the APIs, as people reach them.
    """
    from rookery.arduino.api.exports import link_of

    smtp = smtp_of(settings)
    if smtp is None:
        return None
    return ExportMail(services.people, smtp, services.clock, lambda token: link_of(base_url, token))
