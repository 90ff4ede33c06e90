"""The pages of the web login: small, whole in themselves, without a script and without anything from elsewhere.

What a client, a person or an address said is always text. The policy lets a form go to this server only, and a browser
follow its answer to the client's address: Chromium holds `form-action` against that address as well.
"""

from __future__ import annotations

import base64
import hashlib
import html
from urllib.parse import urlsplit

from rookery.particle.api.answers import NO_STORE, Answer, RawHeaders, html_answer

STYLE = """\
body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f6;color:#1b1f23}
main{max-width:22rem;margin:12vh auto;padding:2rem;background:#fff;border:1px solid #d5d9dd;border-radius:8px}
h1{font-size:1.3rem;margin:0 0 1rem}
label{display:block;margin:1rem 0 .25rem}
input{box-sizing:border-box;width:100%;padding:.6rem;font:inherit;border:1px solid #8a939c;border-radius:4px}
button{margin:1.5rem .75rem 0 0;padding:.6rem 1.2rem;font:inherit;border:1px solid #1b1f23;border-radius:4px}
button.go{background:#1b1f23;color:#fff}
[role=alert]{color:#a4161a}
@media(prefers-color-scheme:dark){body{background:#14171a;color:#e6e8ea}main{background:#1d2125;border-color:#3a4047}
input{background:#14171a;color:inherit}button{border-color:#8a939c;background:none;color:inherit}
button.go{background:#e6e8ea;color:#14171a}[role=alert]{color:#ff8b8b}}"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def page_headers(redirect_uri: str | None = None) -> RawHeaders:
    """Headers of every answer of the flow. `redirect_uri` is where a form's answer may lead."""
    target = f" {origin_of(redirect_uri)}" if redirect_uri else ""
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'{target}; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return (
        (b"content-security-policy", policy.encode("ascii")),
        (b"x-frame-options", b"DENY"),
        # Not `no-referrer`: browsers would then send the form with the origin "null".
        (b"referrer-policy", b"same-origin"),
        (b"x-content-type-options", b"nosniff"),
        *NO_STORE,
    )


def origin_of(redirect_uri: str) -> str:
    """The origin of a redirect address, as a policy names it; of an app's own scheme, the scheme."""
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def login_page(program: str, form: str, message: str = "", username: str = "") -> str:
    """Name and password. `form` is what comes back sealed; `message` says what was wrong."""
    return _page(
        f"Log in to {program}",
        f"""{_alert(message)}<p><strong>{html.escape(program)}</strong> asks to act for you.</p>
{_form(form)}
<label for="username">E-mail address</label>
<input id="username" name="username" value="{html.escape(username)}" required autocomplete="username" autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" required autocomplete="current-password">
{_BUTTONS}""",
    )


def otp_page(program: str, form: str, message: str = "") -> str:
    """The second factor."""
    return _page(
        f"Log in to {program}",
        f"""{_alert(message)}<p>Your authenticator shows a one-time password.</p>
{_form(form)}
<label for="otp">One-time password, or your recovery code</label>
<input id="otp" name="otp" required autocomplete="one-time-code" autofocus>
{_BUTTONS}""",
    )


def refusal_page(text: str) -> str:
    """What can not go on. Nobody is sent anywhere."""
    return _page("This can not go on", f'<p role="alert">{html.escape(text)}</p>')


def refusal(text: str, status: int = 400) -> Answer:
    """The same as an answer."""
    return html_answer(refusal_page(text), status, page_headers())


_BUTTONS = """<button class="go">Log in</button>
<button name="deny" value="1" formnovalidate>Deny</button>
</form>"""


def _form(form: str) -> str:
    return f"""<form method="post" action="/oauth/authorize">
<input type="hidden" name="form" value="{html.escape(form)}">"""


def _alert(message: str) -> str:
    return f'<p role="alert">{html.escape(message)}</p>\n' if message else ""


def _page(title: str, content: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{html.escape(title)}</h1>
{content}
</main>
</body>
</html>
"""
