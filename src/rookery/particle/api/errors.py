"""Every error of this API, worded here and nowhere else (reference 1.5). The texts are exact: clients compare them.

Two families exist. OAuth: `{"error": code, "error_description": text}`, made by `oauth_error`. Resources:
`{"ok": false, "error": text}`, made by `refused`, sometimes `{"ok": false, "errors": [...]}`, made by `refused_all`.
A route raises what a function of this file returns; an error that core raises is worded by `error_of`.

401 is for token problems and nothing else: the command line tool takes any 401 for "log in again". It does the same for
any description with the words "access token" in it, so no other error says them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rookery.core.access import Principal
from rookery.core.errors import (
    BoardAway,
    CoreError,
    Forbidden,
    LimitReached,
    NameUnknown,
    NotFound,
    TokenExpired,
    TokenUnknown,
    Unavailable,
    WrongBearer,
)
from rookery.core.records import Bearer
from rookery.particle.api.answers import Answer, RawHeaders, json_answer

BASIC_CHALLENGE: RawHeaders = ((b"www-authenticate", b'Basic realm="Service"'),)
"""The vendor's OAuth library sends it with every `invalid_client`."""


class ApiError(Exception):
    """An answer that is not a success. `body` is what becomes JSON."""

    def __init__(self, status: int, body: Any, headers: RawHeaders = ()) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers

    def answer(self) -> Answer:
        """What the client gets."""
        return json_answer(self.body, self.status, self.headers)


def oauth_error(status: int, code: str, description: str, headers: RawHeaders = (), **more: Any) -> ApiError:
    """The OAuth family. `more` are further members of the body."""
    return ApiError(status, {"error": code, "error_description": description, **more}, headers)


def refused(status: int, text: str, **more: Any) -> ApiError:
    """The family of resources. `more` are further members of the body."""
    return ApiError(status, {"ok": False, "error": text, **more})


def refused_all(status: int, errors: Sequence[Any], **more: Any) -> ApiError:
    """The family of resources, where a list of errors is usual."""
    return ApiError(status, {"ok": False, **more, "errors": list(errors)})


# The request itself.


def unknown_path() -> ApiError:
    """No route."""
    return refused(404, "Not found")


def unknown_method(allowed: Sequence[str]) -> ApiError:
    """There is a route, for other methods."""
    error = refused(405, "Method not allowed")
    error.headers = ((b"allow", ", ".join(allowed).encode()),)
    return error


def bad_request(text: str) -> ApiError:
    """A body or parameter that can not be taken. `text` says which and why."""
    return refused(400, text)


def too_large(limit: int) -> ApiError:
    """A body over the limit, in bytes."""
    return refused(413, f"The request body has more than {limit} bytes")


def too_many_requests(retry_after: int) -> ApiError:
    """429; the client may try again after so many seconds."""
    header = (b"retry-after", b"%d" % max(retry_after, 1))
    return oauth_error(429, "rate_limit_exceeded", "Too many requests", (header,))


def bug() -> ApiError:
    """What we did not foresee says nothing about itself."""
    return refused(500, "Internal server error")


def backend_down(description: str = "The server can not answer now") -> ApiError:
    """The store is away."""
    return oauth_error(503, "server_error", description)


# Tokens (reference 1.3).


def token_missing() -> ApiError:
    """No token where one is needed."""
    return oauth_error(400, "invalid_request", "The access token was not found")


def token_invalid() -> ApiError:
    """Unknown or revoked."""
    return oauth_error(401, "invalid_token", "The access token provided is invalid.")


def token_expired() -> ApiError:
    """Known, and over."""
    return oauth_error(401, "invalid_token", "The access token provided has expired.")


def header_malformed() -> ApiError:
    """An `Authorization` header that holds no bearer token."""
    return oauth_error(400, "invalid_request", "Malformed auth header")


def token_twice() -> ApiError:
    """Two ways at once. The two spaces are the vendor's."""
    text = "Only one method may be used to authenticate at a time (Auth header,  GET or POST)."
    return oauth_error(400, "invalid_request", text)


def token_in_body_of_get() -> ApiError:
    """GET with a body."""
    return oauth_error(400, "invalid_request", "Method cannot be GET When putting the token in the body.")


def token_in_other_body() -> ApiError:
    """A token in JSON."""
    text = "When putting the token in the body, content type must be application/x-www-form-urlencoded."
    return oauth_error(400, "invalid_request", text)


# `/oauth/token` (reference 2.2).


def not_a_form_post() -> ApiError:
    """Another method, or another content type."""
    return oauth_error(400, "invalid_request", "Method must be POST with application/x-www-form-urlencoded encoding")


def grant_type_invalid() -> ApiError:
    """Missing or unknown."""
    return oauth_error(400, "invalid_request", "Invalid or missing grant_type parameter")


def invalid_client(description: str) -> ApiError:
    """Anything about the client; with the header that asks for Basic."""
    return oauth_error(400, "invalid_client", description, BASIC_CHALLENGE)


def client_id_missing() -> ApiError:
    """Missing, or not of the form of a client id."""
    return invalid_client("Invalid or missing client_id parameter")


def client_secret_missing() -> ApiError:
    """No secret with the client id."""
    return invalid_client("Missing client_secret parameter")


def client_wrong() -> ApiError:
    """Unknown client, or wrong secret."""
    return invalid_client("Client credentials are invalid")


def grant_not_allowed() -> ApiError:
    """This client may not use this grant."""
    return invalid_client("The grant type is unauthorised for this client_id")


def username_and_password_missing() -> ApiError:
    """One of both, or both."""
    return invalid_client('Missing parameters. "username" and "password" are required')


def invalid_grant(description: str) -> ApiError:
    """What was presented is not good for a token."""
    return oauth_error(400, "invalid_grant", description)


def credentials_wrong() -> ApiError:
    """Unknown user or wrong password: one text for both."""
    return invalid_grant("User credentials are invalid")


def mfa_required(mfa_token: str) -> ApiError:
    """The password was right; a second factor is needed."""
    return oauth_error(403, "mfa_required", "Multi-factor authentication required", mfa_token=mfa_token)


def otp_missing() -> ApiError:
    """Second factor without its parts."""
    return oauth_error(400, "invalid_request", "You must provide otp and mfa token.")


def recovery_code_missing() -> ApiError:
    """Recovery without its parts."""
    return oauth_error(400, "invalid_request", "You must provide recovery code and mfa token.")


def otp_wrong() -> ApiError:
    """Wrong, used, or too late (choice 22)."""
    return invalid_grant("Invalid OTP")


def sso_user() -> ApiError:
    """An account that logs in elsewhere."""
    return oauth_error(403, "sso_user", "This account signs in through single sign-on")


def refresh_token_missing() -> ApiError:
    """No parameter."""
    return oauth_error(400, "invalid_request", 'No "refresh_token" parameter')


def refresh_token_invalid() -> ApiError:
    """Unknown, used, or of another client."""
    return invalid_grant("Invalid refresh token")


def refresh_token_expired() -> ApiError:
    """Over."""
    return invalid_grant("Refresh token has expired")


def code_missing() -> ApiError:
    """No parameter."""
    return oauth_error(400, "invalid_request", 'No "code" parameter')


def code_invalid() -> ApiError:
    """Unknown, used, or of another client."""
    return invalid_grant("Invalid code")


def code_expired() -> ApiError:
    """Over."""
    return invalid_grant("Code has expired")


def scope_invalid() -> ApiError:
    """Unknown scope, or a customer that is not there."""
    return oauth_error(400, "invalid_scope", "Invalid scope")


def invalid_request(description: str) -> ApiError:
    """Any other parameter of the OAuth endpoints."""
    return oauth_error(400, "invalid_request", description)


# Who may not (reference 1.5, 2.7, choice 25).


def api_user_refused() -> ApiError:
    """An API user outside its scopes, or on a user endpoint."""
    return oauth_error(400, "unauthorized", "API users are not allowed to call this endpoint")


def permission_denied(description: str) -> ApiError:
    """Role or kind of token is not enough on the path of a product or organisation."""
    return refused(403, "Permission Denied", error_description=description)


def product_token_refused() -> ApiError:
    """A product's own token outside the product's paths."""
    return permission_denied("A product's token works on the paths of that product only")


def customer_refused() -> ApiError:
    """A customer on the path of a product."""
    return permission_denied("Customers are not allowed to call this endpoint")


def device_not_recognised(base_url: str) -> ApiError:
    """User paths: unknown, or not the caller's. The command line tool looks for the words in `info`."""
    info = (
        "I didn't recognize that device name or ID, try opening "
        f"{base_url.rstrip('/')}/v1/devices?access_token=undefined"
    )
    return ApiError(403, {"error": "Permission Denied", "info": info})


# What is not there.


def product_device_not_found() -> ApiError:
    """Product paths: not in this product."""
    return refused(404, "Device not found.")


def product_not_found() -> ApiError:
    """Unknown, or not visible."""
    return refused(404, "Product not found.")


def token_not_found() -> ApiError:
    """A token to be revoked."""
    return refused(404, "Token not found")


def webhook_not_found() -> ApiError:
    """Unknown, or not visible."""
    return refused(404, "Webhook not found")


def no_diagnostics() -> ApiError:
    """No vitals yet."""
    return refused(404, "No diagnostics found")


# Calls to boards (reference 5).


def unknown_variable(name: str) -> ApiError:
    """The board is online and has none of this name."""
    return refused(404, f"Unknown Variable: {name}")


def unknown_function(name: str) -> ApiError:
    """The same for functions."""
    return refused(404, f"Function {name} not found")


def timed_out() -> ApiError:
    """Variable or function, offline or silent (choice 1)."""
    return refused(404, "timed out")


def signal_timed_out() -> ApiError:
    """Signal, offline or silent."""
    return refused_all(500, [{"error": "Timed out, didn't hear back from device service"}], code=500)


def flash_timed_out() -> ApiError:
    """Flash, offline or silent."""
    return refused_all(500, ["Request Timed Out"], code=500)


def no_compiler() -> ApiError:
    """Sources where a binary is wanted (3.15)."""
    text = "This server has no compiler: compile on your machine and send the .bin file."
    return refused_all(400, [text], output="This cloud has no compiler")


def claim_unknown() -> ApiError:
    """Claim: no such device."""
    return refused_all(404, ["device does not exist"])


def claim_offline() -> ApiError:
    """Claim: not connected. The nested array is the vendor's."""
    return refused_all(404, [["Core isn't online", 404]])


def claim_of_another() -> ApiError:
    """Claim: somebody else's. The command line tool looks for "belongs to someone else"."""
    text = "That belongs to someone else. To request a transfer add ?request_transfer=true to your request."
    return refused_all(403, [text])


def transfer_refused() -> ApiError:
    """Claim with a transfer. Not the words of `claim_of_another`, for which the command line tool asks again."""
    return refused_all(403, ["This server transfers no devices: its owner has to unclaim it first."])


def name_in_use() -> ApiError:
    """Rename: one owner, one name."""
    return bad_request("Device name already in use")


# Single endpoints.


def event_name_required() -> ApiError:
    """Publish without a name."""
    return bad_request("name is required")


def event_prefix_required() -> ApiError:
    """`GET /v1/events` alone."""
    return bad_request("event prefix filter is required")


def customer_exists() -> ApiError:
    """Duplicate e-mail in one product (choice 23)."""
    return bad_request("customer already exists")


def user_exists() -> ApiError:
    """Duplicate user name."""
    return refused_all(400, ["username already in use"])


def listing_password_wrong() -> ApiError:
    """`GET /v1/access_tokens` with Basic."""
    return refused_all(401, ["Bad password"])


def listing_user_unknown() -> ApiError:
    """`GET /v1/access_tokens` with Basic."""
    return refused_all(400, ["Unknown user"])


def vitals_dates_malformed() -> ApiError:
    """`start_date` or `end_date`. This endpoint says `description`."""
    text = "start_date and end_date must be ISO8601 formatted"
    return ApiError(400, {"error": "bad_request", "description": text})


def vitals_too_old() -> ApiError:
    """Vitals are kept for a month. "than than" is the vendor's."""
    text = "start_date must not be more than than 30 days ago"
    return ApiError(400, {"error": "bad_request", "description": text})


def wrong_bearer(bearer: Bearer) -> ApiError:
    """A token of a kind that has no business on this path."""
    if bearer is Bearer.PROGRAM:
        return api_user_refused()
    if bearer is Bearer.PRODUCT:
        return product_token_refused()
    if bearer is Bearer.CUSTOMER:
        return customer_refused()
    return permission_denied("This token is of a kind that is not allowed to call this endpoint")


def error_of(error: Exception, who: Principal | None = None) -> ApiError | None:
    """What an exception means on this API to this caller; None for one that nobody foresaw.

    Core does not know whose path was called, so a route that must word "not there" in a way of its own catches core's
    error itself: `NotFound` (`device_not_recognised`, `product_device_not_found`, `product_not_found`), `NameUnknown`
    (`unknown_variable`, `unknown_function`), and what is wrong with a refresh token, which is no 401.
    """
    if isinstance(error, ApiError):
        return error
    if not isinstance(error, CoreError):
        return None
    if isinstance(error, TokenUnknown):
        return token_invalid()
    if isinstance(error, TokenExpired):
        return token_expired()
    if isinstance(error, WrongBearer):
        bearer = error.args[0] if error.args else None
        return wrong_bearer(bearer if isinstance(bearer, Bearer) else Bearer.PERSON)
    if isinstance(error, Forbidden):
        if who is not None and who.bearer is Bearer.PROGRAM:
            return api_user_refused()
        return permission_denied(str(error))
    if isinstance(error, Unavailable):
        return backend_down(str(error))
    if isinstance(error, BoardAway):
        return timed_out()
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 400)
    return refused(status, str(error))


_STATUS: tuple[tuple[type[CoreError], int], ...] = (
    (NotFound, 404),
    (NameUnknown, 404),
    (LimitReached, 403),
    # All others are 400, also `Conflict` where other APIs say 409: name in use, customer exists, version exists.
)
