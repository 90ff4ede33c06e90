"""Looking people up, to share something with them."""

from __future__ import annotations

import pytest

from tests.arduino.api.conftest import World
from tests.arduino.api.greenhouse import UNKNOWN_ID
from tests.arduino.api.scenario import Row, play

OTHER = '{"id":"{other}","username":"other@rookery.test"}'
ROWS = [
    Row("by address", "GET /iot/v1/users/byEmail/other@rookery.test", 200, (OTHER,)),
    Row("by address, escaped", "GET /iot/v1/users/byEmail/other%40rookery.test", 200, (OTHER,)),
    Row("by address, upper case", "GET /iot/v1/users/byEmail/OTHER@rookery.test", 200, (OTHER,)),
    Row("by address, with a slash", "GET /iot/v1/users/byEmail/other@rookery.test/", 200, (OTHER,)),
    Row("by another address", "GET /iot/v1/users/byEmail/nobody@rookery.test", 404),
    Row("by a name for an address", "GET /iot/v1/users/byEmail/other", 404),
    Row("by an endless address", f"GET /iot/v1/users/byEmail/{'n' * 5_000}", 404),
    Row("by name", "GET /iot/v1/users/byUsername/other", 200, (OTHER,)),
    Row("by address for a name", "GET /iot/v1/users/byUsername/other@rookery.test", 200, (OTHER,)),
    Row("by another name", "GET /iot/v1/users/byUsername/nobody", 404),
    Row("by a blank", "GET /iot/v1/users/byUsername/%20", 404),
    Row("by a name that two have", "GET /iot/v1/users/byUsername/twin", 404, ("Several users",)),
    Row("by an endless name", f"GET /iot/v1/users/byUsername/{'n' * 5_000}", 404),
    Row("by a strange name", "GET /iot/v1/users/byUsername/%00%FF", 404),
    Row("by id", "GET /iot/v1/users/byId/{other}", 200, (OTHER,)),
    Row("by one's own id", "GET /iot/v1/users/byId/{me}", 200, ('"username":"owner@rookery.test"',)),
    Row("by another id", f"GET /iot/v1/users/byId/{UNKNOWN_ID}", 404),
    Row("by no id", "GET /iot/v1/users/byId/other", 404),
    Row("all of them", "GET /iot/v1/users", 404),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_route(world: World, row: Row) -> None:
    other = await world.somebody_else()
    for place in (1, 2):
        await world.services.people.create(f"twin{place}@rookery.test", name="twin")
    await play(world, row, {"me": world.person.id, "other": other.person.id})
