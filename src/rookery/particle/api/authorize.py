"""The web login (reference 2.3): a browser comes from a program, a person logs in here, and the browser goes back with
a code or a token. The program never sees the password.

    GET /oauth/authorize?client_id&response_type&redirect_uri&state&scope    a page
    POST /oauth/authorize                                                    302 back, or the page again

* The client has to be a `web` one, and `redirect_uri` the one it was registered with, to the letter. Else a page says
  so, and nobody is sent anywhere: an address that nobody vouches for must not get even an error.
* What the program asked for travels through the form sealed, so the form can not ask for something else. It names a
  cookie that only the browser has that was shown the page: a form that another site makes up or has got for itself is
  refused. Nobody stays logged in here, so there is nothing else to forge.
* Customers log in to programs of a product, people to programs of a person.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Any
from urllib.parse import urlencode

import msgspec

from rookery.core.clock import SECOND
from rookery.core.ids import LETTERS
from rookery.core.records import Bearer, Client, ClientKind, Customer, Person
from rookery.core.secrets import Unsealable
from rookery.particle.api.answers import Answer, html_answer, redirect
from rookery.particle.api.authorize_pages import login_page, otp_page, page_headers, refusal
from rookery.particle.api.body import is_form
from rookery.particle.api.errors import ApiError
from rookery.particle.api.login import KnownClient, issue, log_in, owner_scope, text_of
from rookery.particle.api.operations import Auth, Call, Route, operation
from rookery.particle.api.rate import Rate

MAX_BODY = 32_768
"""Bytes of a form: the sealed part with an address and a state of full length, name and password."""
STATE_LIMIT = 2_000
"""Characters of `state`: it goes into an address."""
PAGE_LIFETIME = 1_800
"""Seconds that a page may stay open before it is sent."""
COOKIE = "rookery_login"
NONCE_LENGTH = 32
ABOUT = "web login"
_LETTERS = frozenset(LETTERS)
TYPES = ("code", "token")


class _Asked(msgspec.Struct, frozen=True):
    """What the program wants, and which browser was shown the page. It travels sealed."""

    client_id: str
    redirect_uri: str
    response_type: str
    state: str
    scope: str | None
    nonce: str
    until: int
    mfa: str = ""
    """Set when the password was right and the second factor is due."""


@operation("GET", "/oauth/authorize", auth=Auth.NONE, rate=Rate.TOKEN)
async def show(call: Call) -> Answer:
    """The login page."""
    query = call.query
    client = await _web_client(call, query.get("client_id", ""))
    if client is None:
        return refusal("Client credentials are invalid")
    redirect_uri = query.get("redirect_uri", "")
    if not redirect_uri:
        return refusal("Invalid or missing redirect_uri parameter")
    if redirect_uri != client.redirect_uri:
        return refusal("redirect_uri does not match")
    state = query.get("state", "")
    if len(state) > STATE_LIMIT:
        return refusal(f"state has more than {STATE_LIMIT} characters")
    response_type = query.get("response_type", "")
    if response_type not in TYPES:
        text = 'Invalid response_type parameter (must be "code" or "token")'
        return _failed(redirect_uri, state, "unsupported_response_type", text)
    if not KnownClient(client.id, client).grants:
        return _failed(redirect_uri, state, "unauthorized_client", "This client may not log anybody in")
    try:
        scope = owner_scope(query.get("scope", ""))
    except ApiError as error:
        return _failed(redirect_uri, state, error.body["error"], error.body["error_description"])
    services = call.services
    # One browser may have several pages open.
    nonce = _cookie(call.headers.get("cookie", "")) or services.ids.text(NONCE_LENGTH)
    until = services.clock.now() + PAGE_LIFETIME * SECOND
    asked = _Asked(client.id, redirect_uri, response_type, state, scope, nonce, until)
    secure = "; Secure" if call.scope.get("scheme") == "https" else ""
    cookie = f"{COOKIE}={nonce}; Path=/oauth/authorize; Max-Age={PAGE_LIFETIME}; HttpOnly; SameSite=Lax{secure}"
    headers = (*page_headers(redirect_uri), (b"set-cookie", cookie.encode()))
    return html_answer(login_page(client.name, _sealed(call, asked)), 200, headers)


@operation("POST", "/oauth/authorize", auth=Auth.NONE, rate=Rate.TOKEN, max_body=MAX_BODY)
async def log_in_here(call: Call) -> Answer:
    """The form of the page."""
    if not _same_origin(call):
        return refusal("This form was sent by another site", 403)
    try:
        fields = await call.fields() if is_form(call.content_type) else {}
    except ApiError as error:
        return refusal(_words(error), error.status)
    asked = _opened(call, text_of(fields, "form"))
    if asked is None:
        return refusal("This page is not from here, or was open for too long. Go back to the program and begin again.")
    client = await _web_client(call, asked.client_id)
    if client is None or client.redirect_uri != asked.redirect_uri:
        return refusal("redirect_uri does not match")
    if "deny" in fields:
        return _failed(asked.redirect_uri, asked.state, "access_denied", "The user denied access to your application")
    try:
        found = await (_second_factor if asked.mfa else _password)(call, client, asked, fields)
    except ApiError as error:
        # Too many failures.
        answer = refusal(f"{_words(error)}. Try again later.", error.status)
        return answer.with_headers(tuple(h for h in error.headers if h[0] == b"retry-after"))
    return found if isinstance(found, Answer) else await _succeeded(call, client, asked, found)


async def _password(call: Call, client: Client, asked: _Asked, fields: dict[str, Any]) -> Person | Customer | Answer:
    username, password = text_of(fields, "username"), text_of(fields, "password")
    owner = await log_in(call, client.product_id, username, password)
    if owner is None:
        page = login_page(client.name, _sealed(call, asked), "User credentials are invalid", username[:254])
        return html_answer(page, 400, page_headers(asked.redirect_uri))
    if isinstance(owner, Person) and owner.otp_secret is not None:
        mfa = await call.services.otp.challenge(owner, client=client.id, web=True)
        page = otp_page(client.name, _sealed(call, msgspec.structs.replace(asked, mfa=mfa)))
        return html_answer(page, 200, page_headers(asked.redirect_uri))
    return owner


async def _second_factor(call: Call, client: Client, asked: _Asked, fields: dict[str, Any]) -> Person | Answer:
    call.api.rate.check_failures(call.peer_address)
    text = text_of(fields, "otp")
    digits = text.replace(" ", "")
    proof = {"code": text} if digits.isdecimal() and len(digits) == 6 else {"recovery": text}
    login = await call.services.otp.answer(asked.mfa, client=client.id, web=True, **proof)
    if login is None:
        call.api.rate.failed(call.peer_address)
        page = otp_page(client.name, _sealed(call, asked), "Invalid OTP")
        return html_answer(page, 400, page_headers(asked.redirect_uri))
    return login.person


async def _succeeded(call: Call, client: Client, asked: _Asked, owner: Person | Customer) -> Answer:
    if asked.response_type == "token":
        issued = await issue(call, client.id, owner, scope=asked.scope)
        # A fragment: browsers keep it to themselves, no server logs it.
        return _back(f"{asked.redirect_uri}#{_query({'token': issued.token}, asked.state)}", asked.redirect_uri)
    call.api.rate.succeeded(call.peer_address)
    bearer = Bearer.CUSTOMER if isinstance(owner, Customer) else Bearer.PERSON
    code = await call.services.oauth.code(client, bearer, owner.id, asked.scope)
    return _back(_with_query(asked.redirect_uri, {"code": code}, asked.state), asked.redirect_uri)


def _failed(redirect_uri: str, state: str, error: str, description: str) -> Answer:
    status = 403 if error == "access_denied" else 400
    parameters = {"error": error, "error_description": description, "code": str(status)}
    return _back(_with_query(redirect_uri, parameters, state), redirect_uri)


def _back(address: str, redirect_uri: str) -> Answer:
    return redirect(address).with_headers(page_headers(redirect_uri))


def _with_query(address: str, parameters: dict[str, str], state: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{_query(parameters, state)}"


def _query(parameters: dict[str, str], state: str) -> str:
    return urlencode({**parameters, "state": state} if state else parameters)


async def _web_client(call: Call, client_id: str) -> Client | None:
    client = await call.services.oauth.get(client_id)
    return client if client is not None and client.kind is ClientKind.WEB and client.redirect_uri else None


def _sealed(call: Call, asked: _Asked) -> str:
    return base64.urlsafe_b64encode(call.services.sealed.seal(msgspec.json.encode(asked), ABOUT)).decode()


def _opened(call: Call, form: str) -> _Asked | None:
    """What the form of a page held, if this browser was shown it, not long ago."""
    try:
        raw = call.services.sealed.open(base64.urlsafe_b64decode(form.encode()), ABOUT)
    except (Unsealable, binascii.Error, ValueError):
        return None
    asked = msgspec.json.decode(raw, type=_Asked)
    nonce = _cookie(call.headers.get("cookie", ""))
    if asked.until <= call.services.clock.now() or not hmac.compare_digest(nonce.encode(), asked.nonce.encode()):
        return None
    return asked


def _cookie(header: str) -> str:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE and len(value) == NONCE_LENGTH and set(value) <= _LETTERS:
            return value
    return ""


def _same_origin(call: Call) -> bool:
    """A browser names the origin of a form; it has to be this server's."""
    origin = call.headers.get("origin")
    return origin is None or origin.partition("://")[2] == call.headers.get("host")


def _words(error: ApiError) -> str:
    return str(error.body.get("error_description") or error.body.get("error"))


ROUTES: tuple[Route, ...] = (show, log_in_here)
