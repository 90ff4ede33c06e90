"""What every catalog must do, whatever it stands on."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from rookery.core.catalog import Catalog, Delete, Insert, Update, changed
from rookery.core.errors import Conflict
from rookery.core.records import RECORDS, Device, Member, Person, Record, Role, Thing, ValueKind, Variable
from tests.storage.catalog.samples import (
    ONE_OF_EACH,
    client,
    device,
    link,
    member,
    person,
    thing,
    variable,
)


def test_a_sample_of_every_kind_is_tried() -> None:
    assert {type(record) for record in ONE_OF_EACH} == set(RECORDS)


@pytest.mark.parametrize("record", ONE_OF_EACH, ids=lambda r: type(r).__name__)
async def test_a_record_comes_back_as_it_went_in(catalog: Catalog, record: Record) -> None:
    await catalog.apply(Insert(record))
    kind = type(record)
    assert await catalog.get(kind, record.id) == record
    assert await catalog.find(kind, created_at=1) == record
    assert await catalog.select(kind) == [record]
    assert await catalog.count(kind, id=record.id) == 1
    with pytest.raises(Conflict, match="already"):
        await catalog.apply(Insert(record))
    later: Any = changed(record, 77)
    await catalog.apply(Update(later))
    assert await catalog.get(kind, record.id) == later
    await catalog.apply(Delete(kind, record.id), Delete(kind, record.id))
    assert await catalog.get(kind, record.id) is None


@pytest.mark.parametrize("record", ONE_OF_EACH, ids=lambda r: type(r).__name__)
async def test_every_plain_field_can_be_asked_for(catalog: Catalog, record: Record) -> None:
    await catalog.apply(Insert(record))
    for field in record.__struct_fields__:
        value = getattr(record, field)
        if not isinstance(value, dict | list):
            assert await catalog.select(type(record), **{field: value}) == [record], field
            assert await catalog.count(type(record), **{field: [value]}) == 1, field


async def test_there_is_nothing_in_the_beginning(catalog: Catalog) -> None:
    for kind in RECORDS:
        assert await catalog.get(kind, "x") is None
        assert await catalog.find(kind, id="x") is None
        assert await catalog.select(kind) == []
        assert await catalog.count(kind) == 0
    await catalog.apply()


TAKEN: dict[str, tuple[list[Record], Record, str | None]] = {
    "email in another case": ([person("a", email="Ann@x.org")], person("b", email="aNN@X.ORG"), "person.*email"),
    "another email": ([person("a", email="ann@x.org")], person("b", email="ann@x.orgs"), None),
    "hex id": ([device("a", hex_id="0a")], device("b", hex_id="0a"), "device.*hex_id"),
    "member twice": ([member("s", "p")], member("s", "p", id="other"), "member.*person_id"),
    "member of two spaces": ([member("s", "p")], member("s2", "p"), None),
    "device of two things": ([thing("a", device_id="d")], thing("b", device_id="d"), "thing.*device_id"),
    "two things without a device": ([thing("a")], thing("b"), None),
    "symbol": ([variable("a", symbol="x", tag=1)], variable("b", symbol="x", tag=2), "variable.*symbol"),
    "symbol in another thing": ([variable("a", symbol="x", tag=1)], variable("b", symbol="x", thing_id="u"), None),
    "symbol in another case": ([variable("a", symbol="x", tag=1)], variable("b", symbol="X", tag=2), None),
    "symbol of a deleted one": ([variable("a", symbol="x", deleted_at=3)], variable("b", symbol="x"), None),
    "tag": ([variable("a", tag=1)], variable("b", tag=1), "variable.*tag"),
    "tag of a deleted one": ([variable("a", tag=1, deleted_at=3)], variable("b", tag=1), None),
    "deleted with a taken tag": ([variable("a", tag=1)], variable("b", tag=1, deleted_at=3), None),
    "id of a long name": ([link("a")], link("a"), "one time link.*id"),
}


@pytest.mark.parametrize("name", TAKEN)
async def test_what_is_unique(catalog: Catalog, name: str) -> None:
    there, another, blame = TAKEN[name]
    await catalog.apply(*map(Insert, there))
    if blame is None:
        await catalog.apply(Insert(another))
        assert await catalog.get(type(another), another.id) == another
    else:
        with pytest.raises(Conflict, match=blame):
            await catalog.apply(Insert(another))
        assert await catalog.select(type(another)) == there


async def test_an_update_can_run_into_what_is_taken_and_out_of_it(catalog: Catalog) -> None:
    a, b = thing("a", device_id="d"), thing("b")
    await catalog.apply(Insert(a), Insert(b))
    with pytest.raises(Conflict, match=r"thing.*device_id"):
        await catalog.apply(Update(changed(b, 2, device_id="d")), Update(changed(a, 2, device_id=None)))
    assert await catalog.get(Thing, "a") == a
    await catalog.apply(Update(changed(a, 2, device_id=None)), Update(changed(b, 2, device_id="d")))
    found = await catalog.find(Thing, device_id="d")
    assert found is not None
    assert found.id == "b"


async def test_a_list_of_changes_happens_wholly_or_not_at_all(catalog: Catalog) -> None:
    first = device("a")
    await catalog.apply(Insert(first))
    with pytest.raises(Conflict):
        await catalog.apply(
            Insert(person("p")), Update(changed(first, 2, name="new")), Delete(Device, "zz"), Insert(device("a"))
        )
    assert await catalog.get(Person, "p") is None
    assert await catalog.get(Device, "a") == first


async def test_of_two_who_change_the_same_record_the_second_is_told(catalog: Catalog) -> None:
    record = device("a")
    await catalog.apply(Insert(record))
    mine, yours = changed(record, 2, name="mine"), changed(record, 2, name="yours")
    results = await asyncio.gather(catalog.apply(Update(mine)), catalog.apply(Update(yours)), return_exceptions=True)
    assert results[0] is None
    assert isinstance(results[1], Conflict)
    assert "device" in str(results[1])
    assert "version" in str(results[1])
    assert await catalog.get(Device, "a") == mine


async def test_a_record_that_is_gone_can_not_be_changed(catalog: Catalog) -> None:
    with pytest.raises(Conflict, match=r"device.*version"):
        await catalog.apply(Update(changed(device("a"), 2)))


async def test_one_refusal_among_many_takes_nothing_of_the_others(catalog: Catalog) -> None:
    await catalog.apply(Insert(device("d13")))
    results = await asyncio.gather(
        *(catalog.apply(Insert(device(f"d{i}")), Insert(client(f"c{i}"))) for i in range(40)), return_exceptions=True
    )
    assert [i for i, result in enumerate(results) if result is not None] == [13]
    assert isinstance(results[13], Conflict)
    assert await catalog.count(Device) == 40
    assert await catalog.count(type(client("c"))) == 39


async def test_the_oldest_comes_first_and_ties_go_by_id(catalog: Catalog) -> None:
    rows = [device("b", created_at=2), device("a", created_at=2), device("c", created_at=1)]
    await catalog.apply(*map(Insert, rows))
    assert [d.id for d in await catalog.select(Device, space_id="s")] == ["c", "a", "b"]
    assert (await catalog.find(Device, space_id="s")) == rows[2]


async def test_what_is_asked_can_be_combined(catalog: Catalog) -> None:
    rows = [
        variable("a"),
        variable("b", deleted_at=4),
        variable("c", thing_id="u"),
        variable("d", thing_id="u", minimum=0.5),
    ]
    await catalog.apply(*map(Insert, rows))

    async def ids(**equals: Any) -> str:
        found = await catalog.select(Variable, **equals)
        assert await catalog.count(Variable, **equals) == len(found)
        first = await catalog.find(Variable, **equals)
        assert first == (found[0] if found else None)
        return "".join(v.id for v in found)

    assert await ids() == "abcd"
    assert await ids(thing_id="t") == "ab"
    assert await ids(thing_id="t", deleted_at=None) == "a"
    assert await ids(deleted_at=[None, 4]) == "abcd"
    assert await ids(deleted_at=[4, 5]) == "b"
    assert await ids(deleted_at=[None]) == "acd"
    assert await ids(minimum=0.5) == "d"
    assert await ids(thing_id=("t", "u"), symbol=["a", "d", "a"]) == "ad"
    assert await ids(thing_id=[]) == ""
    assert await ids(persist=False) == ""
    assert await ids(kind=rows[0].kind, policy=[rows[0].policy]) == "abcd"


async def test_a_list_may_be_long(catalog: Catalog) -> None:
    rows = [device(f"d{i}", created_at=i % 7) for i in range(50)]
    await catalog.apply(*map(Insert, rows))
    asked = [f"d{i}" for i in range(45_000, -1, -1)]
    found = await catalog.select(Device, id=asked, deleted_at=None)
    assert found == sorted(rows, key=lambda d: (d.created_at, d.id))
    assert await catalog.count(Device, id=asked) == 50
    assert await catalog.find(Device, id=asked) == found[0]


async def test_some_fields_can_be_picked(catalog: Catalog) -> None:
    rows = [device(f"d{i}", created_at=i, tags={"n": str(i)}, deleted_at=None if i % 2 else 5) for i in range(20)]
    await catalog.apply(*map(Insert, rows), Insert(variable("a")))
    found = await catalog.pick(Device, ("id", "tags", "locked"), space_id="s", deleted_at=None)
    assert sorted(found) == sorted((row.id, row.tags, row.locked) for row in rows if row.deleted_at is None)
    asked = [f"d{i}" for i in range(25_000)]
    assert sorted(await catalog.pick(Device, ["id"], id=asked)) == sorted((row.id,) for row in rows)
    ((kind, symbol),) = await catalog.pick(Variable, ("kind", "symbol"))
    assert (type(kind), kind, symbol) == (ValueKind, variable("a").kind, variable("a").symbol)
    assert await catalog.pick(Person, ("id",)) == []
    with pytest.raises(TypeError, match="tags"):
        await catalog.pick(Device, ("id",), tags={})


async def test_people_are_found_by_email_in_any_case(catalog: Catalog) -> None:
    ann = person("a", email="Ann.É@Example.org")
    await catalog.apply(Insert(ann))
    for way in ("Ann.É@Example.org", "ANN.É@EXAMPLE.ORG", ["ann.É@example.org", "x"]):
        assert await catalog.find(Person, email=way) == ann
    assert await catalog.find(Person, email="ann@example.org") is None


async def test_asking_for_what_can_not_be_asked_is_a_mistake_of_ours(catalog: Catalog) -> None:
    with pytest.raises(TypeError, match="nonsense"):
        await catalog.find(Person, nonsense=1)
    with pytest.raises(TypeError, match="tags"):
        await catalog.select(Device, tags={})


async def test_text_that_means_something_to_a_database_is_only_text(catalog: Catalog) -> None:
    evil = "'; DROP TABLE device; -- %s :id ? \" \\"
    row = device(evil, name=evil, tags={evil: evil})
    await catalog.apply(Insert(row))
    assert await catalog.find(Device, name=evil) == row
    assert await catalog.get(Device, evil) == row


async def test_a_mistake_in_one_list_does_not_reach_the_others(catalog: Catalog) -> None:
    broken = msgspec.structs.replace(device("x"), metadata={"no json": object()})
    nameless = msgspec.structs.replace(device("y"), name=None)
    results = await asyncio.gather(
        catalog.apply(Insert(device("a"))),
        catalog.apply(Insert(device("b")), Insert(broken)),
        catalog.apply(Insert(nameless)),
        catalog.apply(Insert(device("c"))),
        return_exceptions=True,
    )
    assert results[0] is None
    assert isinstance(results[1], Exception)
    assert isinstance(results[2], Exception)
    assert not isinstance(results[2], Conflict)
    assert results[3] is None
    assert [d.id for d in await catalog.select(Device)] == ["a", "c"]


async def test_series_are_never_given_twice(catalog: Catalog) -> None:
    given = [n for numbers in await asyncio.gather(*(catalog.allocate(c) for c in (1, 5, 0, 3, 1))) for n in numbers]
    assert len(given) == len(set(given)) == 10
    assert min(given) > 0


async def test_a_role_comes_back_as_a_role(catalog: Catalog) -> None:
    await catalog.apply(Insert(member("s", "p", role=Role.VIEWER)))
    found = await catalog.get(Member, "s/p")
    assert found is not None
    assert found.role is Role.VIEWER
