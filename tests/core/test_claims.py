"""Claim codes, claiming and letting go: who may have a board, in every state it can be in."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from rookery.core.access import Principal
from rookery.core.catalog import Insert
from rookery.core.claims import CODE_ALPHABET, CODE_LENGTH, ClaimedByOther, NotOnline
from rookery.core.errors import NotFound
from rookery.core.records import Bearer, ClaimCode, Device, Product, Role, Thing
from rookery.core.services import Services
from tests.fakes import ManualClock, connect, memory_services

ID = "e00fce680000000000000001"


@dataclass
class Stage:
    """Two products and people around them: `team` is on the team of `p`, `own` owns it, `guest` has no part in it."""

    services: Services
    clock: ManualClock
    products: dict[str, Product] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    who: dict[str, Principal] = field(default_factory=dict)

    async def board(self, owner: str, product: str) -> Device:
        product_id = self.products[product].id if product else None
        device = await self.services.enrolment.enrol(ID, "any", "board", product_id=product_id)
        return await self.services.claims.give(device, self.owners[owner])

    async def code(self, owner: str, product: str = "") -> str:
        product_id = self.products[product].id if product else None
        return (await self.services.claims.code(self.owners[owner], product_id)).text

    def seen(self, device: Device | None) -> tuple[str, str] | None:
        """Owner and product, by name."""
        if device is None:
            return None
        owner = next(name for name, id in self.owners.items() if id == device.space_id)
        return owner, next((name for name, p in self.products.items() if p.id == device.product_id), "")


@pytest.fixture
async def stage() -> Stage:
    """Everybody."""
    clock = ManualClock()
    services = memory_services(clock=clock)
    made = Stage(services, clock, owners={"": ""})
    for name in ("own", "team", "guest"):
        person = await services.people.create(f"{name}@example.org")
        made.owners[name] = person.id
    own = await services.people.principal(made.owners["own"])
    for name in ("p", "q"):
        made.products[name] = await services.products.create(own, own.space_id, name=name, platform=1)
    await services.teams.join(made.products["p"].id, "team@example.org", Role.VIEWER)
    for name, product in (("c", "p"), ("d", "p"), ("e", "q")):
        customer = await services.customers.create(made.products[product], name, None)
        made.owners[name] = customer.id
        made.who[name] = Principal(
            person_id=customer.id,
            space_id=customer.id,
            roles={customer.id: Role.OWNER},
            bearer=Bearer.CUSTOMER,
            product_id=customer.product_id,
        )
    for name in ("own", "team", "guest"):
        made.who[name] = await services.people.principal(made.owners[name])
    return made


class TestCodes:
    async def test_a_code_is_as_boards_want_it(self, stage: Stage) -> None:
        code = await stage.services.claims.code(stage.owners["own"])
        assert len(code.text) == CODE_LENGTH == 63
        assert set(code.text) <= set(CODE_ALPHABET)
        assert code.expires_at == stage.clock.now() + 3_600_000_000
        assert await stage.code("own") != code.text

    async def test_what_is_kept_is_not_the_code(self, stage: Stage) -> None:
        text = await stage.code("own")
        (kept,) = await stage.services.catalog.select(ClaimCode)
        assert text not in repr(kept)

    async def test_an_hour(self, stage: Stage) -> None:
        text = await stage.code("own")
        device = await stage.board("", "")
        stage.clock.turn(3_600)
        assert await stage.services.claims.present(device, text) is None

    async def test_several_boards_and_again(self, stage: Stage) -> None:
        services, text = stage.services, await stage.code("own")
        for number in range(3):
            device = await services.enrolment.enrol(f"{number:024x}", "any", "board")
            first = await services.claims.present(device, text)
            assert first is not None
            assert await services.claims.present(first, text) == first
            assert await services.claims.present(device, text) == first

    @pytest.mark.parametrize("text", ["", "x" * 63, "x" * 64, "x" * 10_000])
    async def test_no_code_at_all(self, stage: Stage, text: str) -> None:
        assert await stage.services.claims.present(await stage.board("", ""), text) is None

    async def test_withdrawn_with_their_owner(self, stage: Stage) -> None:
        text = await stage.code("c")
        other = await stage.code("d")
        await stage.services.claims.forget(stage.owners["c"])
        device = await stage.board("", "p")
        assert await stage.services.claims.present(device, text) is None
        assert stage.seen(await stage.services.claims.present(device, other)) == ("d", "p")

    async def test_an_owner_who_is_gone(self, stage: Stage) -> None:
        now = stage.clock.now()
        text = await stage.code("own")
        (code,) = await stage.services.catalog.select(ClaimCode)
        orphan = ClaimCode(
            id="x" + code.id, created_at=now, updated_at=now, owner_id="gone", product_id=None, expires_at=now + 1
        )
        await stage.services.catalog.apply(Insert(orphan))
        customer = await stage.services.customers.get(stage.owners["c"])
        assert customer is not None
        kept = await stage.code("c")
        await stage.services.customers.delete(customer)
        device = await stage.board("", "p")
        assert await stage.services.claims.present(device, kept) is None
        assert stage.seen(await stage.services.claims.present(device, text)) == ("own", "p")


# Owner and product of the board, owner and product of the code, and what the board is then: None is "nothing happens".
PRESENTED: list[tuple[str, str, str, str, tuple[str, str] | None]] = [
    # Boards in no product: who can write to a board's memory holds it in his hands.
    ("", "", "own", "", ("own", "")),
    ("guest", "", "own", "", ("own", "")),
    ("own", "", "own", "", ("own", "")),
    ("", "", "own", "p", ("own", "p")),
    ("guest", "", "own", "p", None),
    ("own", "", "own", "p", ("own", "p")),
    ("", "", "c", "", ("c", "p")),
    ("", "", "c", "p", ("c", "p")),
    ("guest", "", "c", "", None),
    # Boards of a product, nobody's.
    ("", "p", "c", "", ("c", "p")),
    ("", "p", "e", "", None),
    ("", "p", "own", "", ("own", "p")),
    ("", "p", "team", "", ("team", "p")),
    ("", "p", "guest", "", None),
    ("", "p", "own", "p", ("own", "p")),
    ("", "p", "own", "q", None),
    # Boards of a product, somebody's: only its customers give way.
    ("c", "p", "c", "", ("c", "p")),
    ("c", "p", "d", "", ("d", "p")),
    ("c", "p", "own", "", ("own", "p")),
    ("c", "p", "guest", "", None),
    ("c", "p", "e", "", None),
    ("own", "p", "c", "", None),
    ("own", "p", "team", "", None),
    ("team", "p", "team", "", ("team", "p")),
    ("guest", "p", "c", "", None),
]


@pytest.mark.parametrize(("owner", "product", "by", "into", "then"), PRESENTED)
async def test_a_board_says_a_code(
    stage: Stage, owner: str, product: str, by: str, into: str, then: tuple[str, str] | None
) -> None:
    device = await stage.board(owner, product)
    after = await stage.services.claims.present(device, await stage.code(by, into))
    assert stage.seen(after) == then
    kept = await stage.services.enrolment.get(ID)
    assert stage.seen(kept) == (then or (owner, product))


async def test_a_product_may_be_closed(stage: Stage) -> None:
    closed = {"known_application": {"opt_in": False}}
    await stage.services.products.change(stage.products["p"], settings=closed)
    device = await stage.board("", "")
    assert await stage.services.claims.present(device, await stage.code("c")) is None
    device = await stage.services.claims.give(device, "")
    await stage.services.enrolment.keep(device.id, product_id=stage.products["p"].id)
    device = await stage.board("", "p")
    assert stage.seen(await stage.services.claims.present(device, await stage.code("c"))) == ("c", "p")


# Who claims a board in which state without a code; online or not.
CLAIMED: list[tuple[str, str, str, bool, object]] = [
    ("", "", "own", True, ("own", "")),
    ("", "", "own", False, NotOnline),
    ("own", "", "own", False, ("own", "")),
    ("guest", "", "own", True, ClaimedByOther),
    ("", "p", "own", False, ("own", "p")),
    ("", "p", "team", False, ("team", "p")),
    ("", "p", "guest", True, ClaimedByOther),
    ("c", "p", "own", True, ClaimedByOther),
    ("", "", "c", True, NotFound),
    ("", "p", "c", True, ("c", "p")),
    ("", "p", "c", False, NotOnline),
    ("c", "p", "c", False, ("c", "p")),
    ("d", "p", "c", True, ClaimedByOther),
    ("", "q", "c", True, NotFound),
]


@pytest.mark.parametrize(("owner", "product", "by", "online", "then"), CLAIMED)
async def test_a_board_is_claimed(stage: Stage, owner: str, product: str, by: str, online: bool, then: object) -> None:
    device = await stage.board(owner, product)
    board = connect(stage.services, device) if online else None
    if isinstance(then, tuple):
        after = await stage.services.claims.claim(stage.who[by], ID.upper())
        assert stage.seen(after) == then
        assert board is None or board.device == after
        return
    with pytest.raises(then):  # type: ignore[call-overload]
        await stage.services.claims.claim(stage.who[by], ID)
    assert stage.seen(await stage.services.enrolment.get(ID)) == (owner, product)


async def test_boards_may_be_claimed_offline_where_the_operator_says_so(stage: Stage) -> None:
    await stage.board("", "")
    stage.services.claims.online_only = False
    assert stage.seen(await stage.services.claims.claim(stage.who["own"], ID)) == ("own", "")


@pytest.mark.parametrize("ref", ["e00fce680000000000000002", "porch", ""])
async def test_what_is_no_board(stage: Stage, ref: str) -> None:
    with pytest.raises(NotFound):
        await stage.services.claims.claim(stage.who["own"], ref)


async def test_letting_go_keeps_the_product(stage: Stage) -> None:
    device = await stage.board("c", "p")
    assert stage.seen(await stage.services.claims.unclaim(device)) == ("", "p")


async def test_the_history_stays_with_the_old_owner(stage: Stage) -> None:
    services = stage.services
    device = await stage.board("own", "")
    thing = await services.things.create(stage.who["own"], name="porch", device_id=device.id)
    assert await services.catalog.find(Thing, device_id=device.id) is not None
    await services.claims.give(device, stage.owners["guest"])
    assert await services.catalog.find(Thing, device_id=device.id) is None
    assert (await services.catalog.get(Thing, thing.id)) is not None


async def test_two_who_come_at_once_do_not_lose_the_board(stage: Stage) -> None:
    """A record that somebody else has changed meanwhile is read again."""
    device = await stage.board("", "")
    await stage.services.enrolment.keep(device.id, notes="changed meanwhile")
    after = await stage.services.claims.give(device, stage.owners["own"])
    assert (after.notes, after.space_id) == ("changed meanwhile", stage.owners["own"])


async def test_a_second_board_of_a_name_gets_a_number(stage: Stage) -> None:
    services, owner = stage.services, stage.owners["own"]
    names = []
    for number in range(3):
        device = await services.enrolment.enrol(f"{number:024x}", "any", "board", name="Amber_Badger")
        names.append((await services.claims.give(device, owner)).name)
    assert names == ["Amber_Badger", "Amber_Badger_2", "Amber_Badger_3"]
    other = await services.enrolment.enrol("f" * 24, "any", "board", name="amber_badger")
    assert (await services.claims.give(other, stage.owners["guest"])).name == "amber_badger"
    back = await services.enrolment.get("0" * 24)
    assert back is not None
    assert (await services.claims.give(back, owner)).name == "Amber_Badger"
