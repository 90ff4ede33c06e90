"""Operations on history in bulk: what `rookery data` asks of a server."""

from __future__ import annotations

from typing import Any

import msgspec

from rookery.core.points import Value
from rookery.core.services import Services
from rookery.core.transfer import PAGE, Transfer

Points = list[tuple[int, bool | int | float | str | dict[str, bool | int | float | str]]]


class DataOperations:
    """The part of `Operations` that reads and writes histories. Times are UTC microseconds."""

    _services: Services

    async def data_sources(
        self, things: list[str] | None = None, variables: list[str] | None = None
    ) -> list[dict[str, Any]]:
        """The variables that are meant, with their names."""
        return [
            {
                "id": variable.id,
                "thing_id": thing.id,
                "thing": thing.name,
                "variable": variable.symbol,
                "name": variable.name,
                "kind": variable.kind.value,
                "series": variable.series,
            }
            for thing, variable in await self._transfer().sources(things or (), variables or ())
        ]

    async def data_count(self, variable: str, start: int, end: int) -> dict[str, Any]:
        """How many points."""
        return {"points": await self._transfer().count(variable, start, end)}

    async def data_read(self, variable: str, start: int, end: int, limit: int = PAGE) -> dict[str, Any]:
        """The next points, ascending: pairs of time and value; and whether more may follow."""
        page = await self._transfer().read(variable, start, end, limit)
        return {"points": [list(point) for point in page.points], "more": page.more}

    async def data_write(self, variable: str, points: list[Any]) -> dict[str, Any]:
        """Take points in that are not there yet."""
        given: list[tuple[int, Value]] = list(msgspec.convert(points, Points))
        written = await self._transfer().write(variable, given)
        return {"stored": written.stored, "present": written.present}

    def _transfer(self) -> Transfer:
        services = self._services
        return Transfer(services.catalog, services.telemetry, services.live, services.values)
