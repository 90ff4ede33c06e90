"""Exports among the long works: how far each is, and where its file is, for whoever asked for it.

Asking for one and the list of those that are there are the public API's (`/iot/v2/series/historic_data`,
`/iot/v1/exports`).
"""

from __future__ import annotations

from rookery.console.work import Work, Works
from rookery.core.exports import UNDER_WAY, Export, Exports, ExportState

LINK = "/iot/exports/"
"""Where files are, on this server."""


class ExportDesk:
    """Makes a work of each export."""

    def __init__(self, exports: Exports, works: Works) -> None:
        self._exports = exports
        self._works = works
        self._under_way: dict[str, Work] = {}
        exports.watchers.add(self._changed)

    def close(self) -> None:
        """Look no more."""
        self._exports.watchers.discard(self._changed)

    def _changed(self, export: Export) -> None:
        work = self._under_way.get(export.id)
        if export.state in UNDER_WAY:
            if work is None:
                work = self._works.begin("export", _label(export), owner=export.person_id, unit="values")
                self._under_way[export.id] = work
            if export.state is ExportState.RUNNING:
                work.progress(export.rows, export.total)
        elif work is not None:
            del self._under_way[export.id]
            if export.state is ExportState.READY:
                work.end(href=LINK + self._exports.token(export))
            else:
                work.end(export.reason, failed=True)


def _label(export: Export) -> str:
    first = export.parts[0]
    if len(export.parts) == 1:
        return f"History of {first.thing} / {first.name}" if first.thing else f"History of {first.name}"
    return f"History of {len(export.parts)} variables"
