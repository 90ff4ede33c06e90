"""The catalog against a dictionary: any sequence of changes leaves both the same, and refuses the same."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rookery.core.catalog import Change, Delete, Insert, Update, changed
from rookery.core.errors import Conflict
from rookery.core.records import Variable
from rookery.storage.catalog import open_catalog
from rookery.storage.catalog.sql import SqlCatalog
from tests.storage.catalog.samples import variable

T = TypeVar("T")
IDS = ["a", "b", "c", "d"]
Row = dict[str, Variable]
few = st.sampled_from


@st.composite
def steps(draw: st.DrawFn) -> Callable[[Row], Change]:
    """A change that may or may not be possible; what it is depends on the rows that are there."""
    id = draw(few(IDS))
    fields = {
        "thing_id": draw(few(["t", "u"])),
        "symbol": draw(few(["x", "y", "z"])),
        "tag": draw(st.integers(1, 3)),
        "deleted_at": draw(few([None, None, 5])),
        "minimum": draw(st.none() | st.floats(allow_nan=False)),
        "name": draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=5)),
    }
    what = draw(few(["insert", "insert", "update", "update", "stale", "delete"]))
    if what == "insert":
        created = draw(st.integers(0, 3))
        return lambda rows: Insert(variable(id, created_at=created, **fields))
    if what == "delete":
        return lambda rows: Delete(Variable, id)
    if what == "update":
        return lambda rows: Update(changed(rows.get(id, variable(id)), 9, **fields))
    return lambda rows: Update(changed(changed(rows.get(id, variable(id)), 9), 9, **fields))


def apply(rows: Row, changes: list[Change]) -> Row | None:
    """The rows afterwards, or None when the list is impossible."""
    rows = dict(rows)
    for change in changes:
        if isinstance(change, Delete):
            rows.pop(change.id, None)
            continue
        new = change.record
        assert isinstance(new, Variable)
        old = rows.get(new.id)
        if isinstance(change, Insert) and old is not None:
            return None
        if isinstance(change, Update) and (old is None or old.version != new.version - 1):
            return None
        for other in rows.values():
            neighbours = other.id != new.id and other.thing_id == new.thing_id
            both_live = other.deleted_at is None and new.deleted_at is None
            if neighbours and both_live and (other.symbol == new.symbol or other.tag == new.tag):
                return None
        if old is not None:
            # Replacing keeps what identifies a row in time: creation is not changed by services.
            assert old.created_at == new.created_at
        rows[new.id] = new
    return rows


class Machine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.rows: Row = {}
        self.series: set[int] = set()
        self.catalog = self.open()

    def open(self) -> SqlCatalog:
        return self.run(open_catalog(Path(self.folder.name) / "catalog.db", synchronous="OFF"))

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    @rule(lists=st.lists(st.lists(steps(), min_size=1, max_size=3), min_size=1, max_size=3))
    def together(self, lists: list[list[Callable[[Row], Change]]]) -> None:
        """Several lists at once: each as if it came after the one before."""
        plans: list[tuple[list[Change], bool]] = []
        for makers in lists:
            changes: list[Change] = []
            after: Row | None = self.rows
            for make in makers:
                changes.append(make(after if after is not None else self.rows))
                after = apply(self.rows, changes)
            plans.append((changes, after is not None))
            if after is not None:
                self.rows = after

        async def all_at_once() -> list[BaseException | None]:
            return await asyncio.gather(*(self.catalog.apply(*c) for c, _ in plans), return_exceptions=True)

        for (_, possible), result in zip(plans, self.run(all_at_once()), strict=True):
            assert (result is None) if possible else isinstance(result, Conflict)

    @rule(count=st.integers(0, 5))
    def allocate(self, count: int) -> None:
        numbers = set(self.run(self.catalog.allocate(count)))
        assert len(numbers) == count
        assert not numbers & self.series
        self.series |= numbers

    @rule()
    def reopen(self) -> None:
        self.run(self.catalog.close())
        self.catalog = self.open()

    @invariant()
    def same(self) -> None:
        rows = sorted(self.rows.values(), key=lambda v: (v.created_at, v.id))
        assert self.run(self.catalog.select(Variable)) == rows
        live = [v for v in rows if v.thing_id == "t" and v.deleted_at is None]
        assert self.run(self.catalog.select(Variable, thing_id="t", deleted_at=None)) == live
        assert self.run(self.catalog.count(Variable, symbol=["x", "y"])) == sum(v.symbol in "xy" for v in rows)

    def teardown(self) -> None:
        self.run(self.catalog.close())
        self.runner.close()
        self.folder.cleanup()


Machine.TestCase.settings = settings(max_examples=30, stateful_step_count=12, deadline=None)
TestCatalogAgainstDictionary = Machine.TestCase
