"""The catalogue of errors: status and bytes of each, and what core's errors become."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from rookery.core.access import Principal
from rookery.core.errors import (
    BoardAway,
    BoardCannot,
    Conflict,
    CoreError,
    Forbidden,
    Invalid,
    LimitReached,
    NameUnknown,
    NotFound,
    Precondition,
    TokenExpired,
    TokenUnknown,
    Unavailable,
    WrongBearer,
)
from rookery.core.records import Bearer
from rookery.particle.api import errors
from rookery.particle.api.errors import ApiError, error_of

BASIC = ((b"www-authenticate", b'Basic realm="Service"'),)

OAUTH: dict[str, tuple[ApiError, int, str, str]] = {
    "token_missing": (errors.token_missing(), 400, "invalid_request", "The access token was not found"),
    "token_invalid": (errors.token_invalid(), 401, "invalid_token", "The access token provided is invalid."),
    "token_expired": (errors.token_expired(), 401, "invalid_token", "The access token provided has expired."),
    "header_malformed": (errors.header_malformed(), 400, "invalid_request", "Malformed auth header"),
    "token_twice": (
        errors.token_twice(),
        400,
        "invalid_request",
        "Only one method may be used to authenticate at a time (Auth header,  GET or POST).",
    ),
    "token_in_body_of_get": (
        errors.token_in_body_of_get(),
        400,
        "invalid_request",
        "Method cannot be GET When putting the token in the body.",
    ),
    "token_in_other_body": (
        errors.token_in_other_body(),
        400,
        "invalid_request",
        "When putting the token in the body, content type must be application/x-www-form-urlencoded.",
    ),
    "not_a_form_post": (
        errors.not_a_form_post(),
        400,
        "invalid_request",
        "Method must be POST with application/x-www-form-urlencoded encoding",
    ),
    "grant_type_invalid": (
        errors.grant_type_invalid(),
        400,
        "invalid_request",
        "Invalid or missing grant_type parameter",
    ),
    "client_id_missing": (
        errors.client_id_missing(),
        400,
        "invalid_client",
        "Invalid or missing client_id parameter",
    ),
    "client_secret_missing": (
        errors.client_secret_missing(),
        400,
        "invalid_client",
        "Missing client_secret parameter",
    ),
    "client_wrong": (errors.client_wrong(), 400, "invalid_client", "Client credentials are invalid"),
    "grant_not_allowed": (
        errors.grant_not_allowed(),
        400,
        "invalid_client",
        "The grant type is unauthorised for this client_id",
    ),
    "username_and_password_missing": (
        errors.username_and_password_missing(),
        400,
        "invalid_client",
        'Missing parameters. \\"username\\" and \\"password\\" are required',
    ),
    "credentials_wrong": (errors.credentials_wrong(), 400, "invalid_grant", "User credentials are invalid"),
    "otp_missing": (errors.otp_missing(), 400, "invalid_request", "You must provide otp and mfa token."),
    "recovery_code_missing": (
        errors.recovery_code_missing(),
        400,
        "invalid_request",
        "You must provide recovery code and mfa token.",
    ),
    "otp_wrong": (errors.otp_wrong(), 400, "invalid_grant", "Invalid OTP"),
    "sso_user": (errors.sso_user(), 403, "sso_user", "This account signs in through single sign-on"),
    "refresh_token_missing": (
        errors.refresh_token_missing(),
        400,
        "invalid_request",
        'No \\"refresh_token\\" parameter',
    ),
    "refresh_token_invalid": (errors.refresh_token_invalid(), 400, "invalid_grant", "Invalid refresh token"),
    "refresh_token_expired": (errors.refresh_token_expired(), 400, "invalid_grant", "Refresh token has expired"),
    "code_missing": (errors.code_missing(), 400, "invalid_request", 'No \\"code\\" parameter'),
    "code_invalid": (errors.code_invalid(), 400, "invalid_grant", "Invalid code"),
    "code_expired": (errors.code_expired(), 400, "invalid_grant", "Code has expired"),
    "scope_invalid": (errors.scope_invalid(), 400, "invalid_scope", "Invalid scope"),
    "invalid_request": (errors.invalid_request("No way"), 400, "invalid_request", "No way"),
    "too_many_requests": (errors.too_many_requests(7), 429, "rate_limit_exceeded", "Too many requests"),
    "backend_down": (errors.backend_down(), 503, "server_error", "The server can not answer now"),
    "api_user_refused": (
        errors.api_user_refused(),
        400,
        "unauthorized",
        "API users are not allowed to call this endpoint",
    ),
}
"""The first family: code and description."""

OTHER: dict[str, tuple[ApiError, int, bytes]] = {
    "mfa_required": (
        errors.mfa_required("abc"),
        403,
        b'{"error":"mfa_required","error_description":"Multi-factor authentication required","mfa_token":"abc"}',
    ),
    "unknown_path": (errors.unknown_path(), 404, b'{"ok":false,"error":"Not found"}'),
    "unknown_method": (errors.unknown_method(["GET", "PUT"]), 405, b'{"ok":false,"error":"Method not allowed"}'),
    "bad_request": (errors.bad_request("x"), 400, b'{"ok":false,"error":"x"}'),
    "too_large": (errors.too_large(9), 413, b'{"ok":false,"error":"The request body has more than 9 bytes"}'),
    "bug": (errors.bug(), 500, b'{"ok":false,"error":"Internal server error"}'),
    "permission_denied": (
        errors.permission_denied("why"),
        403,
        b'{"ok":false,"error":"Permission Denied","error_description":"why"}',
    ),
    "product_token_refused": (
        errors.product_token_refused(),
        403,
        b'{"ok":false,"error":"Permission Denied",'
        b'"error_description":"A product\'s token works on the paths of that product only"}',
    ),
    "customer_refused": (
        errors.customer_refused(),
        403,
        b'{"ok":false,"error":"Permission Denied",'
        b'"error_description":"Customers are not allowed to call this endpoint"}',
    ),
    "device_not_recognised": (
        errors.device_not_recognised("http://host:8080/"),
        403,
        b'{"error":"Permission Denied","info":"I didn\'t recognize that device name or ID, try opening '
        b'http://host:8080/v1/devices?access_token=undefined"}',
    ),
    "product_device_not_found": (
        errors.product_device_not_found(),
        404,
        b'{"ok":false,"error":"Device not found."}',
    ),
    "product_not_found": (errors.product_not_found(), 404, b'{"ok":false,"error":"Product not found."}'),
    "token_not_found": (errors.token_not_found(), 404, b'{"ok":false,"error":"Token not found"}'),
    "webhook_not_found": (errors.webhook_not_found(), 404, b'{"ok":false,"error":"Webhook not found"}'),
    "no_diagnostics": (errors.no_diagnostics(), 404, b'{"ok":false,"error":"No diagnostics found"}'),
    "unknown_variable": (
        errors.unknown_variable("temp"),
        404,
        b'{"ok":false,"error":"Unknown Variable: temp"}',
    ),
    "unknown_function": (
        errors.unknown_function("led"),
        404,
        b'{"ok":false,"error":"Function led not found"}',
    ),
    "timed_out": (errors.timed_out(), 404, b'{"ok":false,"error":"timed out"}'),
    "signal_timed_out": (
        errors.signal_timed_out(),
        500,
        b'{"ok":false,"code":500,"errors":[{"error":"Timed out, didn\'t hear back from device service"}]}',
    ),
    "flash_timed_out": (
        errors.flash_timed_out(),
        500,
        b'{"ok":false,"code":500,"errors":["Request Timed Out"]}',
    ),
    "no_compiler": (
        errors.no_compiler(),
        400,
        b'{"ok":false,"output":"This cloud has no compiler",'
        b'"errors":["This server has no compiler: compile on your machine and send the .bin file."]}',
    ),
    "claim_unknown": (errors.claim_unknown(), 404, b'{"ok":false,"errors":["device does not exist"]}'),
    "claim_offline": (errors.claim_offline(), 404, b'{"ok":false,"errors":[["Core isn\'t online",404]]}'),
    "transfer_refused": (
        errors.transfer_refused(),
        403,
        b'{"ok":false,"errors":["This server transfers no devices: its owner has to unclaim it first."]}',
    ),
    "claim_of_another": (
        errors.claim_of_another(),
        403,
        b'{"ok":false,"errors":["That belongs to someone else. To request a transfer add '
        b'?request_transfer=true to your request."]}',
    ),
    "name_in_use": (errors.name_in_use(), 400, b'{"ok":false,"error":"Device name already in use"}'),
    "event_name_required": (errors.event_name_required(), 400, b'{"ok":false,"error":"name is required"}'),
    "event_prefix_required": (
        errors.event_prefix_required(),
        400,
        b'{"ok":false,"error":"event prefix filter is required"}',
    ),
    "customer_exists": (errors.customer_exists(), 400, b'{"ok":false,"error":"customer already exists"}'),
    "user_exists": (errors.user_exists(), 400, b'{"ok":false,"errors":["username already in use"]}'),
    "listing_password_wrong": (errors.listing_password_wrong(), 401, b'{"ok":false,"errors":["Bad password"]}'),
    "listing_user_unknown": (errors.listing_user_unknown(), 400, b'{"ok":false,"errors":["Unknown user"]}'),
    "vitals_dates_malformed": (
        errors.vitals_dates_malformed(),
        400,
        b'{"error":"bad_request","description":"start_date and end_date must be ISO8601 formatted"}',
    ),
    "vitals_too_old": (
        errors.vitals_too_old(),
        400,
        b'{"error":"bad_request","description":"start_date must not be more than than 30 days ago"}',
    ),
}
"""The second family, and what belongs to neither."""

WITH_HEADERS = {
    "client_id_missing": BASIC,
    "client_secret_missing": BASIC,
    "client_wrong": BASIC,
    "grant_not_allowed": BASIC,
    "username_and_password_missing": BASIC,
    "too_many_requests": ((b"retry-after", b"7"),),
    "unknown_method": ((b"allow", b"GET, PUT"),),
}
"""Headers besides type and length."""

MAKERS = {"oauth_error", "refused", "refused_all", "invalid_client", "invalid_grant", "wrong_bearer", "error_of"}
"""What the functions of the catalogue are made with."""


def headers_of(error: ApiError) -> tuple[tuple[bytes, bytes], ...]:
    return error.answer().headers[2:]


@pytest.mark.parametrize("name", OAUTH)
def test_the_family_of_oauth(name: str) -> None:
    error, status, code, description = OAUTH[name]
    assert error.answer().status == status
    assert error.answer().content == f'{{"error":"{code}","error_description":"{description}"}}'.encode()
    assert headers_of(error) == WITH_HEADERS.get(name, ())


@pytest.mark.parametrize("name", OTHER)
def test_the_family_of_resources(name: str) -> None:
    error, status, body = OTHER[name]
    assert (error.answer().status, error.answer().content) == (status, body)
    assert headers_of(error) == WITH_HEADERS.get(name, ())


def test_the_tables_above_are_whole() -> None:
    functions: dict[str, Callable[..., object]] = {
        name: function
        for name, function in inspect.getmembers(errors, inspect.isfunction)
        if function.__module__ == errors.__name__
    }
    assert set(functions) - MAKERS == set(OAUTH) | set(OTHER)


def test_401_and_its_words_are_for_tokens_only() -> None:
    """The command line tool would send people to log in again."""
    everything = {name: each[0] for name, each in OAUTH.items()} | {name: each[0] for name, each in OTHER.items()}
    for name, error in everything.items():
        about_tokens = name.startswith(("token_", "listing_"))
        assert error.status != 401 or about_tokens, name
        assert "access token" not in str(error.body) or about_tokens, name


def principal(bearer: Bearer) -> Principal:
    return Principal(person_id="", space_id="s", roles={}, bearer=bearer)


OF_CORE: list[tuple[CoreError, Bearer | None, ApiError]] = [
    (TokenUnknown("x"), None, errors.token_invalid()),
    (TokenExpired("x"), None, errors.token_expired()),
    (WrongBearer(Bearer.PROGRAM), Bearer.PROGRAM, errors.api_user_refused()),
    (WrongBearer(Bearer.PRODUCT), Bearer.PRODUCT, errors.product_token_refused()),
    (WrongBearer(Bearer.CUSTOMER), Bearer.CUSTOMER, errors.customer_refused()),
    (
        WrongBearer(Bearer.PERSON),
        Bearer.PERSON,
        errors.permission_denied("This token is of a kind that is not allowed to call this endpoint"),
    ),
    (Forbidden("Not you."), Bearer.PERSON, errors.permission_denied("Not you.")),
    (Forbidden("Not you."), None, errors.permission_denied("Not you.")),
    (Forbidden("Not you."), Bearer.PROGRAM, errors.api_user_refused()),
    (Forbidden("Not you."), Bearer.PRODUCT, errors.permission_denied("Not you.")),
    (NotFound("Nothing."), None, errors.refused(404, "Nothing.")),
    (NameUnknown("Nothing."), None, errors.refused(404, "Nothing.")),
    (Invalid("Bad.", "name"), None, errors.bad_request("Bad.")),
    (Conflict("Taken."), None, errors.bad_request("Taken.")),
    (Precondition("Not now."), None, errors.bad_request("Not now.")),
    (BoardCannot("Can not."), None, errors.bad_request("Can not.")),
    (LimitReached("Enough."), None, errors.refused(403, "Enough.")),
    (BoardAway("Away."), None, errors.timed_out()),
    (Unavailable("Later."), None, errors.backend_down("Later.")),
]


@pytest.mark.parametrize(("error", "bearer", "expected"), OF_CORE, ids=lambda each: type(each).__name__)
def test_errors_of_core(error: CoreError, bearer: Bearer | None, expected: ApiError) -> None:
    made = error_of(error, principal(bearer) if bearer else None)
    assert made is not None
    assert (made.status, made.body, made.headers) == (expected.status, expected.body, expected.headers)


def test_every_error_of_core_has_its_answer_pinned() -> None:
    # Others have kinds of their own, which other tests may have loaded.
    of_core = {kind for kind in CoreError.__subclasses__() if kind.__module__ == CoreError.__module__}
    assert {type(error) for error, _, _ in OF_CORE} == of_core


def test_what_nobody_foresaw_is_not_worded() -> None:
    assert error_of(KeyError("secret")) is None
