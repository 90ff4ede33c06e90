"""`POST /oauth/token`: every way to a token (reference 2.2), with the errors and the order of checks of the OAuth
library that the vendor's service was written with: method and encoding, grant type, client id, client secret, the
client itself, whether it may use this grant, and only then what the grant needs.

JSON is refused, as there. No answer may be kept by anybody on its way.
"""

from __future__ import annotations

from typing import Any

from rookery.core.errors import TokenExpired, TokenUnknown
from rookery.core.ids import is_uuid
from rookery.core.records import Bearer, Client, Customer, Person
from rookery.particle.api.answers import NO_STORE
from rookery.particle.api.body import is_form
from rookery.particle.api.errors import (
    ApiError,
    code_expired,
    code_invalid,
    code_missing,
    credentials_wrong,
    grant_not_allowed,
    grant_type_invalid,
    invalid_request,
    mfa_required,
    not_a_form_post,
    otp_missing,
    otp_wrong,
    recovery_code_missing,
    refresh_token_expired,
    refresh_token_invalid,
    refresh_token_missing,
    scope_invalid,
    username_and_password_missing,
)
from rookery.particle.api.login import (
    CODE,
    CREDENTIALS,
    GRANTS,
    OTP,
    PASSWORD,
    RECOVERY,
    REFRESH,
    KnownClient,
    authenticated_client,
    issue,
    lifetime_of,
    log_in,
    narrowed,
    owner_scope,
    text_of,
    token_body,
)
from rookery.particle.api.operations import Auth, Call, Route, operation
from rookery.particle.api.rate import Rate
from rookery.particle.ids import hex_id

MAX_BODY = 16_384
"""Bytes: a password of 1,024 characters, every one perhaps four bytes escaped threefold, and the rest."""
OF_CUSTOMER = "customer="
"""Begins a scope that asks for a token of a customer."""


@operation("POST GET HEAD PUT PATCH DELETE", "/oauth/token", auth=Auth.NONE, rate=Rate.TOKEN, max_body=MAX_BODY)
async def token(call: Call) -> dict[str, Any]:
    """A token."""
    call.answer_headers.extend(NO_STORE)
    if call.method != "POST" or not is_form(call.content_type):
        raise not_a_form_post()
    try:
        fields = await call.fields()
    except ApiError as error:
        if error.status != 400:
            raise
        raise invalid_request(str(error.body.get("error"))) from None
    grant = text_of(fields, "grant_type")
    if grant not in GRANTS:
        raise grant_type_invalid()
    program = await authenticated_client(call, fields)
    if grant not in program.grants:
        raise grant_not_allowed()
    return await _GRANTS[grant](call, program, fields)


async def _password(call: Call, program: KnownClient, fields: dict[str, Any]) -> dict[str, Any]:
    username, password = text_of(fields, "username"), text_of(fields, "password")
    if not username or not password:
        raise username_and_password_missing()
    lifetime = lifetime_of(fields, call.services.clock.now())
    scope = owner_scope(text_of(fields, "scope"))
    owner = await log_in(call, program.product_id, username, password)
    if owner is None:
        raise credentials_wrong()
    if isinstance(owner, Person) and owner.otp_secret is not None:
        mfa = await call.services.otp.challenge(owner, client=program.id, web=False, scope=scope, lifetime=lifetime)
        raise mfa_required(mfa)
    return token_body(await issue(call, program.id, owner, lifetime), scope)


async def _second_factor(call: Call, program: KnownClient, fields: dict[str, Any]) -> dict[str, Any]:
    mfa, otp = text_of(fields, "mfa_token"), text_of(fields, "otp")
    if not mfa or not otp:
        raise otp_missing()
    return await _answered(call, program, mfa, code=otp)


async def _recovery(call: Call, program: KnownClient, fields: dict[str, Any]) -> dict[str, Any]:
    mfa, recovery = text_of(fields, "mfa_token"), text_of(fields, "recovery_code")
    if not mfa or not recovery:
        raise recovery_code_missing()
    return await _answered(call, program, mfa, recovery=recovery)


async def _answered(call: Call, program: KnownClient, mfa: str, **proof: str) -> dict[str, Any]:
    call.api.rate.check_failures(call.peer_address)
    login = await call.services.otp.answer(mfa, client=program.id, web=False, **proof)
    if login is None:
        call.api.rate.failed(call.peer_address)
        raise otp_wrong()
    issued = await issue(call, program.id, login.person, login.details["lifetime"])
    return token_body(issued, login.details["scope"])


async def _refresh(call: Call, program: KnownClient, fields: dict[str, Any]) -> dict[str, Any]:
    refresh = text_of(fields, "refresh_token")
    if not refresh:
        raise refresh_token_missing()
    lifetime = lifetime_of(fields, call.services.clock.now())
    try:
        issued = await call.services.tokens.refresh(refresh, program.id, lifetime)
    except TokenExpired:
        raise refresh_token_expired() from None
    except TokenUnknown:
        raise refresh_token_invalid() from None
    return token_body(issued)


async def _credentials(call: Call, program: KnownClient, fields: dict[str, Any]) -> dict[str, Any]:
    client = program.record
    if client is None:
        raise grant_not_allowed()
    lifetime = lifetime_of(fields, call.services.clock.now())
    asked = text_of(fields, "scope")
    tokens = call.services.tokens
    if client.product_id is None:
        issued = await tokens.issue(
            Bearer.PERSON, client.person_id, client.id, lifetime=lifetime, scope=owner_scope(asked)
        )
    elif asked.startswith(OF_CUSTOMER):
        customer = await _customer(call, client, asked[len(OF_CUSTOMER) :])
        issued = await tokens.issue(Bearer.CUSTOMER, customer.id, client.id, lifetime=lifetime)
    else:
        scope = narrowed(asked, client.scope)
        issued = await tokens.issue(Bearer.PRODUCT, client.product_id, client.id, lifetime=lifetime, scope=scope)
    call.api.rate.succeeded(call.peer_address)
    return token_body(issued, asked)


async def _customer(call: Call, client: Client, ref: str) -> Customer:
    """The customer of the client's product with this address or id."""
    customers = call.services.customers
    product = await call.services.products.get(client.product_id or "")
    found = None
    if product is not None and client.scope is None and 0 < len(ref) <= 254:
        found = await customers.by_email(product.id, ref)
        if found is None and is_uuid(ref):
            found = await customers.get(ref.lower())
        elif found is None and len(ref) == 24:
            found = next((one for one in await customers.of(product) if hex_id(one.id) == ref.lower()), None)
    if found is None or found.product_id != client.product_id:
        raise scope_invalid()
    return found


async def _code(call: Call, program: KnownClient, fields: dict[str, Any]) -> dict[str, Any]:
    code = text_of(fields, "code")
    if not code:
        raise code_missing()
    if program.record is None:
        raise grant_not_allowed()
    lifetime = lifetime_of(fields, call.services.clock.now())
    try:
        held = await call.services.oauth.redeem(code, program.record, text_of(fields, "redirect_uri"))
    except TokenExpired:
        raise code_expired() from None
    except TokenUnknown:
        raise code_invalid() from None
    issued = await call.services.tokens.issue(held.bearer, held.bearer_id, program.id, lifetime=lifetime)
    return token_body(issued, held.scope)


_GRANTS = {
    PASSWORD: _password,
    REFRESH: _refresh,
    CREDENTIALS: _credentials,
    CODE: _code,
    OTP: _second_factor,
    RECOVERY: _recovery,
}

ROUTES: tuple[Route, ...] = (token,)
