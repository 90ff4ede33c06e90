"""One-time passwords as a second factor: TOTP (RFC 6238) of 6 digits in steps of 30 seconds, as authenticators do it.

The seed has to be read again, so it is sealed. Who turns the second factor on proves first that the authenticator has
the seed, and then gets a recovery code: kept as a hash, shown once, good for one log-in without the authenticator.

Six digits can be guessed. So a code works once (RFC 6238 §5.2) and only in its own step and those beside it; a log-in
ends after `GUESSES` wrong ones; and as a password alone is enough to begin any number of log-ins, a person whose codes
were wrong `ROW` times in a row is not believed for a while, whatever comes.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections import OrderedDict
from typing import Any, NamedTuple

from rookery.core.catalog import Catalog, Update, changed
from rookery.core.clock import SECOND, Clock
from rookery.core.errors import Conflict, Invalid, NotFound, Precondition
from rookery.core.ids import Identifiers
from rookery.core.links import ENROLMENT, LOGIN, Links
from rookery.core.records import Person
from rookery.core.secrets import Sealed, Unsealable, digest, digest_matches

DIGITS = 6
STEP = 30
"""Seconds. This and the digits are what every authenticator assumes."""
WINDOW = 1
"""Steps to either side that are accepted: clocks of phones are a few seconds off, and typing takes time."""
SEED_SIZE = 20
"""Bytes: as long as the hash inside (RFC 4226 §4, requirement R6)."""
ISSUER = "Rookery"
"""Under which name authenticators list the account."""

ENROLMENT_LIFETIME = 600
"""Seconds to scan a code and type a number."""
LOGIN_LIFETIME = 600
"""Seconds between the password and the one-time password."""
GUESSES = 5
"""Wrong codes that end a log-in."""
LOGINS = 9
"""Log-ins of one person that may wait for their second factor besides a new one."""
ROW = 10
"""Wrong codes in a row after which a person is not believed for `PAUSE`. Three codes are right at any moment, so a
thief of the password who guesses ten times has a chance of three in 100,000."""
PAUSE = 900.0
"""Seconds."""
REMEMBERED = 10_000
"""People whose wrong codes are counted. Only who has a right password is among them."""

RECOVERY_GROUPS, RECOVERY_GROUP = 4, 5
RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Nothing that looks like something else on paper: 20 of them are 99 bits."""

_CODE = re.compile(r"[0-9]{6}")
_FILLING = re.compile(r"[\s-]+")


class Pending(NamedTuple):
    """What an authenticator has to learn."""

    token: str
    """Names this attempt to turn it on."""
    secret: str
    """The seed in base 32, for typing."""
    address: str
    """`otpauth://...`, for a QR code."""


class Login(NamedTuple):
    """A log-in whose password was right: who, and what was asked for."""

    person: Person
    details: dict[str, Any]


class OneTimePasswords:
    """Turns the second factor on and off, and checks it."""

    def __init__(self, catalog: Catalog, links: Links, sealed: Sealed, ids: Identifiers, clock: Clock) -> None:
        self._catalog = catalog
        self._links = links
        self._sealed = sealed
        self._ids = ids
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()

    async def begin(self, person: Person) -> Pending:
        """A new seed, which counts when it is confirmed.

        Raises:
            Precondition: there is one already.
        """
        self._check_off(person)
        seed = self._ids.bytes(SEED_SIZE)
        sealed = base64.b64encode(self._sealed.seal(seed, _about(person))).decode()
        token = await self._links.make(ENROLMENT, person.id, ENROLMENT_LIFETIME, {"seed": sealed})
        totp = _totp(seed)
        return Pending(token, totp.secret, totp.provisioning_uri(name=person.email, issuer_name=ISSUER))

    async def confirm(self, person: Person, token: str, code: str) -> str:
        """Turn it on: `code` shows that the authenticator has the seed. Returns the recovery code.

        Raises:
            NotFound: the token is not of this person, or its time is over.
            Invalid: the code is not the one; another may be tried.
            Precondition: it is on already.
        """
        self._check_off(person)
        link = await self._links.peek(ENROLMENT, token)
        if link is None or link.person_id != person.id:
            raise NotFound("This is no attempt to turn on one-time passwords, or it has expired.")
        sealed = base64.b64decode(link.details["seed"])
        step = self._step(self._sealed.open(sealed, _about(person)), code)
        if step is None:
            raise Invalid("This is not the one-time password of this moment.", "otp")
        groups = [self._ids.text(RECOVERY_GROUP, RECOVERY_ALPHABET) for _ in range(RECOVERY_GROUPS)]
        after = changed(
            person,
            self._clock.now(),
            otp_secret=sealed,
            otp_step=step,
            recovery_hash=digest("".join(groups)),
        )
        if not await self._links.take(link, Update(after)):
            raise Precondition("The account was changed in between. Try again.")
        return "-".join(groups)

    async def check(self, person: Person, code: str) -> bool:
        """Whether this is the person's code of this moment. It is used up."""
        if self._paused(person.id):
            return False
        while person.otp_secret is not None:
            try:
                seed = self._sealed.open(person.otp_secret, _about(person))
            except Unsealable:
                # The database is here and its key is not: only the recovery code is left.
                break
            step = self._step(seed, code)
            if step is None or step <= person.otp_step:
                break
            again = await self._use(person, otp_step=step)
            if again is None:
                self._wrong.pop(person.id, None)
                return True
            person = again
        self._count(person.id)
        return False

    async def recover(self, person: Person, code: str) -> bool:
        """Whether this is the person's recovery code. It is used up; the second factor stays on."""
        if self._paused(person.id):
            return False
        plain = _FILLING.sub("", code[:64]).lower()
        while person.recovery_hash is not None and digest_matches(plain, person.recovery_hash):
            again = await self._use(person, recovery_hash=None)
            if again is None:
                self._wrong.pop(person.id, None)
                return True
            person = again
        self._count(person.id)
        return False

    async def disable(self, person: Person) -> Person:
        """Turn it off. The caller has seen the password."""
        after = changed(person, self._clock.now(), otp_secret=None, recovery_hash=None)
        await self._catalog.apply(Update(after))
        await self._links.end(person.id, ENROLMENT, LOGIN)
        self._wrong.pop(person.id, None)
        return after

    async def challenge(self, person: Person, **details: Any) -> str:
        """A token for a log-in that waits for its second factor. `details` come back with the answer."""
        return await self._links.make(LOGIN, person.id, LOGIN_LIFETIME, {**details, "wrong": 0}, company=LOGINS)

    async def answer(
        self, token: str, *, code: str | None = None, recovery: str | None = None, **wanted: Any
    ) -> Login | None:
        """The log-in of this token, if the code (or the recovery code) is right and its details are as `wanted`. It is
        used up; a wrong one counts."""
        link = await self._links.peek(LOGIN, token)
        if link is None or any(link.details.get(name) != value for name, value in wanted.items()):
            return None
        person = await self._catalog.get(Person, link.person_id)
        if person is None or person.otp_secret is None:
            return None
        # Counted before it is looked at: many guesses at once are then not more than `GUESSES`.
        tried = link.details["wrong"] + 1
        noted = await self._links.note(link, {**link.details, "wrong": tried})
        if noted is None:
            return None
        if recovery is not None:
            right = await self.recover(person, recovery)
        else:
            right = await self.check(person, code or "")
        if not right and tried < GUESSES:
            return None
        taken = await self._links.take(noted)
        return Login(person, link.details) if right and taken else None

    async def waits(self, token: str) -> bool:
        """Whether the log-in of this token may still be answered."""
        return await self._links.peek(LOGIN, token) is not None

    def _step(self, seed: bytes, code: str) -> int | None:
        """The step that `code` belongs to, among those that are accepted."""
        code = _FILLING.sub("", code[:64])
        if _CODE.fullmatch(code) is None:
            return None
        totp = _totp(seed)
        now = self._clock.now() // (STEP * SECOND)
        found = None
        for step in range(now - WINDOW, now + WINDOW + 1):
            if hmac.compare_digest(totp.generate_otp(step), code):
                found = step
        return found

    async def _use(self, person: Person, **fields: Any) -> Person | None:
        """None when written down; the person as it is now when somebody changed it in between."""
        try:
            await self._catalog.apply(Update(changed(person, self._clock.now(), **fields)))
        except Conflict:
            # Gone in between: then nothing of it is right any more.
            again = await self._catalog.get(Person, person.id)
            return again or changed(person, self._clock.now(), otp_secret=None, recovery_hash=None)
        return None

    def _paused(self, person_id: str) -> bool:
        count, since = self._wrong.get(person_id, (0, 0.0))
        if count < ROW:
            return False
        if self._clock.monotonic() - since < PAUSE:
            return True
        del self._wrong[person_id]
        return False

    def _count(self, person_id: str) -> None:
        count, _ = self._wrong.pop(person_id, (0, 0.0))
        self._wrong[person_id] = (count + 1, self._clock.monotonic())
        if len(self._wrong) > REMEMBERED:
            self._wrong.popitem(last=False)

    def _check_off(self, person: Person) -> None:
        if person.otp_secret is not None:
            raise Precondition("One-time passwords are on already.")


def _totp(seed: bytes) -> Any:
    # Loaded by whoever uses it, which at start is nobody.
    import pyotp

    return pyotp.TOTP(base64.b32encode(seed).decode(), digits=DIGITS, interval=STEP)


def _about(person: Person) -> str:
    return f"otp/{person.id}"
