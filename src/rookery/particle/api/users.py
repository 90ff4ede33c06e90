"""People's accounts: made, shown, changed, ended; a lost password; the second factor (reference 2.6).

Two things differ from a service on the internet, because no mail leaves a server at home:

* Strangers make no accounts unless the operator allows it (`particle_signup`): whoever reaches the server could. The
  operator adds people with `rookery user add`.
* `POST /v1/user/password-reset` always answers the same and sends nothing. The operator hands out a link with
  `rookery user link`, and the token in it is what `PUT /v1/user/password-reset` takes: such a link sets a password and
  does nothing else, here as on its page. That somebody asked is in the log.
"""

from __future__ import annotations

from typing import Any

import structlog

from rookery.core.access import check_owner, check_person
from rookery.core.errors import Conflict, Invalid, NotFound
from rookery.core.people import check_password
from rookery.core.records import Bearer, Customer, Device, Person
from rookery.particle.api.answers import OK
from rookery.particle.api.body import as_bool, as_text
from rookery.particle.api.errors import bad_request, otp_wrong, refused_all, token_invalid, user_exists
from rookery.particle.api.operations import Auth, Call, Route, operation
from rookery.particle.api.rate import Rate
from rookery.particle.ids import hex_id
from rookery.particle.platforms import PLATFORMS

log = structlog.get_logger("rookery.particle.api")

PROFILE_LIMIT = 200
"""Characters of a name or a company."""
TERMS = 1
"""The version of the terms of service that everybody has agreed to: there is none to disagree with."""
_TEXTS = ("first_name", "last_name", "company_name")


@operation("POST", "/v1/users", auth=Auth.NONE, rate=Rate.ACCOUNT)
async def sign_up(call: Call) -> dict[str, bool]:
    """A new account, where the operator lets strangers make them."""
    if not call.api.options.signup:
        raise refused_all(403, ["This server does not let people sign up. Ask its operator for an account."])
    fields = await call.fields()
    username, password = as_text(fields.get("username"), "username"), as_text(fields.get("password"), "password")
    if not username or not password:
        raise refused_all(400, ["username and password are required"])
    profile = _profile({}, fields.get("account_info"))
    name = f"{profile.get('first_name', '')} {profile.get('last_name', '')}".strip()
    try:
        await call.services.people.create(username, name, password, profile)
    except Conflict:
        raise user_exists() from None
    except Invalid as error:
        raise refused_all(400, [str(error)]) from None
    return OK


@operation("GET", "/v1/user")
async def show_user(call: Call) -> dict[str, Any]:
    """Who asks: a person or a customer."""
    check_owner(call.who)
    return await _view(call, await _owner(call))


@operation("GET", "/v1/user/identify")
async def identify(call: Call) -> dict[str, str]:
    """Id and address of who asks."""
    check_owner(call.who)
    owner = await _owner(call)
    return {"id": hex_id(owner.id), "email": owner.email}


@operation("PUT", "/v1/user")
async def change_user(call: Call) -> dict[str, Any]:
    """Names and company freely; address and password with the current password."""
    person = await _person(call)
    people = call.services.people
    fields = await call.fields()
    username, password = as_text(fields.get("username"), "username"), as_text(fields.get("password"), "password")
    account_info = fields.get("account_info")
    others_end = as_bool(fields.get("invalidate_tokens"), "invalidate_tokens")
    if not username and not password and account_info is None:
        raise bad_request("account_info, username or password is required")
    profile = _profile(person.profile, account_info)
    if username or password:
        await _check_password(call, person, fields.get("current_password"), "current_password")
    if password:
        check_password(password)
    if username and username.strip() != person.email:
        try:
            person = await people.set_email(person, username)
        except Conflict:
            raise user_exists() from None
    if profile != person.profile:
        person = await people.set_profile(person, profile)
    if password:
        person = await people.set_password(person, password)
    if others_end:
        await call.services.tokens.revoke_all(person.id, but=call.token.id)
    if password:
        return {"ok": True, "message": "User's password updated."}
    if username:
        return {"ok": True, "message": "User's username updated."}
    return await _view(call, person)


@operation("DELETE", "/v1/user")
async def delete_user(call: Call) -> dict[str, Any]:
    """The account with everything in it; boards become nobody's."""
    person = await _person(call)
    await _check_password(call, person, (await call.fields()).get("password"), "password")
    await call.services.accounts.delete(person)
    return {"ok": True, "message": "User's account has been deleted."}


@operation("POST", "/v1/user/password-reset", auth=Auth.NONE, rate=Rate.ACCOUNT)
async def ask_for_reset(call: Call) -> dict[str, Any]:
    """The same answer for everybody; see the top of this file."""
    username = as_text((await call.fields()).get("username"), "username")
    if not username:
        raise bad_request("username is required")
    person = await call.services.catalog.find(Person, email=username)
    if person is not None:
        log.info("password_reset_asked", person=person.id, help="rookery user link makes a link to hand out")
    return {"ok": True, "message": "Password reset email sent."}


@operation("PUT", "/v1/user/password-reset", auth=Auth.NONE, rate=Rate.ACCOUNT)
async def reset(call: Call) -> dict[str, bool]:
    """A new password for the token of a link."""
    fields = await call.fields()
    token, password = as_text(fields.get("token"), "token"), as_text(fields.get("password"), "password")
    if not token or not password:
        raise bad_request("token and password are required")
    await call.services.people.redeem(token, password)
    return OK


@operation("GET", "/v1/user/mfa-enable")
async def begin_mfa(call: Call) -> dict[str, str]:
    """A seed for an authenticator. It counts when it is confirmed, within ten minutes."""
    pending = await call.services.otp.begin(await _person(call))
    return {"mfa_token": pending.token, "qr_url": pending.address, "secret": pending.secret}


@operation("POST", "/v1/user/mfa-enable", rate=Rate.ACCOUNT)
async def confirm_mfa(call: Call) -> dict[str, Any]:
    """The authenticator knows the seed. The recovery code is shown this once."""
    person = await _person(call)
    fields = await call.fields()
    token, code = as_text(fields.get("mfa_token"), "mfa_token"), as_text(fields.get("otp"), "otp")
    if not token or not code:
        raise bad_request("mfa_token and otp are required")
    others_end = as_bool(fields.get("invalidate_tokens"), "invalidate_tokens")
    try:
        recovery = await call.services.otp.confirm(person, token, code)
    except (Invalid, NotFound):
        raise otp_wrong() from None
    if others_end:
        await call.services.tokens.revoke_all(person.id, but=call.token.id)
    return {"ok": True, "enrolled": True, "recovery_code": recovery}


@operation("PUT", "/v1/user/mfa-disable", rate=Rate.ACCOUNT)
async def disable_mfa(call: Call) -> dict[str, bool]:
    """A password is enough again."""
    person = await _person(call)
    await _check_password(call, person, (await call.fields()).get("current_password"), "current_password")
    await call.services.otp.disable(person)
    return OK


async def _owner(call: Call) -> Person | Customer:
    kind: type[Person] | type[Customer] = Customer if call.who.bearer is Bearer.CUSTOMER else Person
    found = await call.services.catalog.get(kind, call.who.person_id)
    if found is None:
        # Deleted a moment ago.
        raise token_invalid()
    return found


async def _person(call: Call) -> Person:
    check_person(call.who)
    owner = await _owner(call)
    if not isinstance(owner, Person):
        raise token_invalid()
    return owner


async def _check_password(call: Call, person: Person, given: object, field: str) -> None:
    """Who has only got hold of a token must not be able to take over or end the account.

    Raises:
        ApiError: 400: missing or wrong; 429: too many wrong ones came from this address.
    """
    password = as_text(given, field)
    if not password:
        raise bad_request(f"{field} is required")
    call.api.rate.check_failures(call.peer_address)
    if not await call.services.people.knows_password(person, password):
        call.api.rate.failed(call.peer_address)
        raise bad_request("The current password is wrong")
    call.api.rate.succeeded(call.peer_address)


def _profile(held: dict[str, Any], account_info: object) -> dict[str, Any]:
    """What people say of themselves, with what `account_info` says put over it."""
    if account_info is None:
        return held
    if not isinstance(account_info, dict):
        raise bad_request("account_info must be an object")
    profile = dict(held)
    for name in _TEXTS:
        if (text := as_text(account_info.get(name), name, most=PROFILE_LIMIT)) is not None:
            profile[name] = text
    if (business := as_bool(account_info.get("business_account"), "business_account")) is not None:
        profile["business_account"] = business
    return profile


async def _view(call: Call, owner: Person | Customer) -> dict[str, Any]:
    profile = owner.profile if isinstance(owner, Person) else {}
    devices = await call.services.catalog.select(Device, space_id=owner.id, deleted_at=None)
    platforms = [PLATFORMS[d.platform] for d in devices if d.platform in PLATFORMS]
    cellular = sum(platform.cellular for platform in platforms)
    return {
        "username": owner.email,
        "subscription_ids": [],
        "account_info": {
            **{name: profile.get(name, "") for name in _TEXTS},
            "business_account": profile.get("business_account", False),
        },
        "mfa": {"enabled": isinstance(owner, Person) and owner.otp_secret is not None},
        "scim_provisioned": False,
        "no_password": owner.password_hash is None,
        "wifi_device_count": len(platforms) - cellular,
        "cellular_device_count": cellular,
        "tos": TERMS,
        "memberships": [],
    }


ROUTES: tuple[Route, ...] = (
    sign_up,
    show_user,
    identify,
    change_user,
    delete_user,
    ask_for_reset,
    reset,
    begin_mfa,
    confirm_mfa,
    disable_mfa,
)
