"""Mail about exports: who gets which, when it is tried again, and what a restart does."""

from __future__ import annotations

import pytest

from rookery.core.catalog import Delete
from rookery.core.clock import DAY, SECOND
from rookery.core.export_mail import AGAIN, NAME_LENGTH, NAMED, ExportMail, letter
from rookery.core.exports import Export, ExportPart, Exports, MailState
from rookery.core.mail import Mail, MailDelayed, MailRefused
from rookery.core.records import Member, Person, ValueKind
from tests.core.test_exports import Desk
from tests.fakes import START


class Carrier:
    """Takes mail, or says why not."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []
        self.tried = 0
        self.failure: Exception | None = None

    async def send(self, mail: Mail) -> None:
        self.tried += 1
        if self.failure is not None:
            raise self.failure
        self.sent.append(mail)


class Office:
    """A desk whose server can send mail."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.carrier = Carrier()

    async def open(self) -> None:
        await self.desk.furnish()
        await self.reopen()

    async def reopen(self) -> None:
        desk = self.desk
        await desk.exports.close()
        desk.exports = desk.life()
        self.mail = ExportMail(desk.services.people, self.carrier, desk.clock, lambda token: f"https://h/{token}")
        await desk.exports.open(self.mail)

    async def turn(self, seconds: float) -> None:
        self.desk.clock.turn(seconds)
        await self.mail.idle()

    @property
    def exports(self) -> Exports:
        return self.desk.exports

    def state(self) -> tuple[str, str]:
        export = self.exports.of(self.desk.who)[-1]
        return export.mail.value, export.mail_reason


@pytest.fixture
async def office() -> Office:
    office = Office()
    await office.open()
    return office


async def test_the_link_comes_by_mail_when_the_file_is_there(office: Office) -> None:
    await office.desk.fill(office.desk.variables[0], 1, 2)
    export = await office.desk.ask()
    await office.exports.idle()
    (mail,) = office.carrier.sent
    assert mail.to == "ada@example.org"
    assert mail.subject == "Your history is ready: House / a"
    assert f"https://h/{office.exports.token(export)}\n" in mail.text
    assert office.state() == ("sent", "")
    assert office.desk.files.known[export.id].mail is MailState.SENT


async def test_a_file_that_failed_is_not_mailed(office: Office) -> None:
    office.desk.files.failure = RuntimeError("the inside")
    await office.desk.ask()
    await office.exports.idle()
    assert office.carrier.tried == 0
    assert office.state() == ("none", "")


async def test_it_is_tried_again_and_then_given_up(office: Office) -> None:
    office.carrier.failure = MailDelayed("The server is away.")
    await office.desk.ask()
    await office.exports.idle()
    for tries, seconds in enumerate(AGAIN, 1):
        assert (office.carrier.tried, office.state()) == (tries, ("waiting", ""))
        await office.turn(seconds - 1)
        assert office.carrier.tried == tries
        await office.turn(1)
    assert (office.carrier.tried, office.state()) == (len(AGAIN) + 1, ("failed", "The server is away."))
    await office.turn(DAY // SECOND)
    assert office.carrier.tried == len(AGAIN) + 1


async def test_a_later_try_can_succeed(office: Office) -> None:
    office.carrier.failure = MailDelayed("The server is away.")
    await office.desk.ask()
    await office.exports.idle()
    office.carrier.failure = None
    await office.turn(AGAIN[0])
    assert (len(office.carrier.sent), office.state()) == (1, ("sent", ""))


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (MailRefused("No such user."), "No such user."),
        (RuntimeError("the inside"), "Something went wrong on the server; its log says what."),
    ],
)
async def test_what_no_try_helps_is_given_up_at_once(office: Office, failure: Exception, reason: str) -> None:
    office.carrier.failure = failure
    await office.desk.ask()
    await office.exports.idle()
    assert office.state() == ("failed", reason)
    office.carrier.failure = None
    await office.desk.ask()
    await office.exports.idle()
    assert office.state() == ("sent", "")


async def test_a_restart_says_what_was_not_said(office: Office) -> None:
    office.carrier.failure = MailDelayed("The server is away.")
    await office.desk.ask()
    await office.exports.idle()
    office.carrier.failure = None
    await office.reopen()
    await office.exports.idle()
    assert (len(office.carrier.sent), office.state()) == (1, ("sent", ""))
    await office.reopen()
    await office.exports.idle()
    assert len(office.carrier.sent) == 1


async def test_who_may_not_read_it_any_more_gets_no_link(office: Office) -> None:
    office.carrier.failure = MailDelayed("The server is away.")
    await office.desk.ask()
    await office.exports.idle()
    office.carrier.failure = None
    catalog = office.desk.services.catalog
    (member,) = await catalog.select(Member, person_id=office.desk.who.person_id)
    await catalog.apply(Delete(Member, member.id))
    await office.turn(AGAIN[0])
    assert office.carrier.sent == []
    assert office.state() == ("failed", "The person who has asked for it is gone.")


async def test_no_mail_about_a_file_whose_time_is_over(office: Office) -> None:
    office.carrier.failure = MailDelayed("The server is away.")
    await office.desk.ask()
    await office.exports.idle()
    office.carrier.failure = None
    office.desk.clock.turn(30 * DAY // SECOND)
    await office.mail.idle()
    assert office.carrier.sent == []


async def test_a_server_without_mail_says_nothing_about_it(office: Office) -> None:
    await office.exports.close()
    await office.desk.reopen()
    await office.desk.ask()
    await office.desk.exports.idle()
    assert office.state() == ("none", "")


def export(*names: tuple[str, str], rows: int = 1, size: int = 999, expires_at: int | None = None) -> Export:
    parts = tuple(
        ExportPart(variable_id=str(n), thing=thing, name=name, type="FLOAT", kind=ValueKind.FLOAT, series=n)
        for n, (thing, name) in enumerate(names)
    )
    return Export(
        id="id",
        person_id="p",
        space_ids=(),
        created_at=START,
        start=START,
        end=START + DAY,
        parts=parts,
        rows=rows,
        size=size,
        expires_at=expires_at,
    )


ADA = Person(id="p", created_at=START, updated_at=START, email="ada@example.org", name="Ada")


def test_the_whole_letter() -> None:
    mail = letter(export(("Haus", "Küche °C"), ("", "b"), rows=12_345, size=1_234_567, expires_at=START), ADA, "LINK")
    assert mail.subject == "Your history is ready: 2 variables"
    assert mail.text == (
        "The history that you asked for on 2025-01-01 00:00 UTC is ready:\n"
        "\n"
        "LINK\n"
        "\n"
        "The link works until 2025-01-01 00:00 UTC, for everybody who has it: keep it to yourself.\n"
        "It leads to a ZIP with a CSV for each variable and\n"
        "12,345 rows, 1.2 MB.\n"
        "\n"
        "From 2025-01-01 00:00 UTC\n"
        "to   2025-01-02 00:00 UTC\n"
        "\n"
        "* Haus / Küche °C\n"
        "* b\n"
    )


def test_names_that_people_have_put_anything_into_stay_on_their_lines() -> None:
    mail = letter(export(("a\r\nBcc: x", "n" * 200)), ADA, "LINK")
    assert "\r" not in mail.subject + mail.text
    assert "\n" not in mail.subject
    assert "* a  Bcc: x / n" in mail.text
    assert max(map(len, mail.text.splitlines())) <= NAME_LENGTH + 12


def test_of_many_variables_some_are_named() -> None:
    mail = letter(export(*[("t", str(n)) for n in range(NAMED + 5)]), ADA, "LINK")
    assert mail.text.endswith(f"* t / {NAMED - 1}\n* and 5 more\n")


@pytest.mark.parametrize(
    ("size", "told"), [(0, "0 bytes"), (999, "999 bytes"), (1_500, "1.5 kB"), (2_000_000_000, "2.0 GB")]
)
def test_sizes(size: int, told: str) -> None:
    assert f"1 row, {told}." in letter(export(("t", "n"), size=size), ADA, "LINK").text
