"""Pages of long lists (reference 1.6): `page` from 1, `per_page` or `perPage`, and `meta.total_pages`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from rookery.particle.api.body import as_int
from rookery.particle.api.operations import Call

T = TypeVar("T")

DEFAULT = 25
MOST = 1_000
"""Objects on one page: some 1.5 MB of devices. Who asks for more gets this many, and the number of pages to match."""
LAST_PAGE = 1_000_000


class Page(NamedTuple):
    """Which page was asked for."""

    number: int
    size: int

    def of(self, items: Sequence[T]) -> Sequence[T]:
        """The items on it."""
        return items[(self.number - 1) * self.size : self.number * self.size]

    def meta(self, total: int) -> dict[str, Any]:
        """What is said of the list. There is at least one page, because clients loop from 1 to `total_pages`."""
        pages = max((total + self.size - 1) // self.size, 1)
        return {"total_pages": pages, "page": self.number, "per_page": self.size, "total": total}


def page_of(call: Call) -> Page:
    """The page that the query asks for.

    Raises:
        ApiError: 400, no whole numbers from 1.
    """
    query = call.query
    number = as_int(query.get("page"), "page", least=1, most=LAST_PAGE)
    name = "per_page" if "per_page" in query else "perPage"
    size = as_int(query.get(name), name, least=1)
    return Page(number or 1, min(size or DEFAULT, MOST))
