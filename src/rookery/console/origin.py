"""Whether a request comes from a page of this server: what stands between the session cookie and other sites.

The cookie is SameSite=Lax, which keeps it from other sites; another port of the same host is the same site to a
browser, so the origin is looked at as well. A browser names it with every request that changes something.
"""

from __future__ import annotations

from collections.abc import Mapping

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def is_own(headers: Mapping[str, str]) -> bool:
    """Whether the origin that the browser names is this server. Behind a proxy the scheme may be another."""
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] == headers.get("host")


def allowed(method: str, headers: Mapping[str, str]) -> bool:
    """Whether this may be done with the session: it reads and no foreign origin is named, or it changes something and
    the browser says that a page of this server asks for it."""
    if headers.get("origin") is not None:
        return is_own(headers)
    return method in SAFE or headers.get("sec-fetch-site") == "same-origin"
