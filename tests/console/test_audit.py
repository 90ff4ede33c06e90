"""The audit log of a whole server: every door writes, and nothing secret is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from rookery.admin.operations import Operations
from rookery.console.api import OwnApi
from rookery.console.audit_words import WORDS, words
from rookery.core.records import Bearer, Role
from tests.console.boards import until_so
from tests.console.watching import Someone
from tests.serving import serving


async def lines(ada: Someone, query: str = "", space: str = "") -> list[dict[str, Any]]:
    async with ada.browser(space) as browser:
        answer = await browser.get("audit" + query)
        entries: list[dict[str, Any]] = answer.json()["entries"]
    return entries


async def until_lines(ada: Someone, count: int) -> list[dict[str, Any]]:
    async def there() -> bool:
        return len(await lines(ada)) >= count

    await until_so(there)
    return await lines(ada)


async def test_each_door_writes_who_did_what_to_which_target(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        token = (await ada.services.tokens.issue(Bearer.PERSON, ada.person.id, "cli")).token
        assert server.url is not None
        bearer = {"authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=server.url, headers=bearer, trust_env=False) as client:
            thing = (await client.put("/iot/v2/things", json={"name": "porch"})).json()
            await client.post("/v1/user/products", json={"product": {"name": "Lamp", "platform_id": 12}})
            await client.delete(f"/v1/access_tokens/{token}")
        async with ada.browser() as browser:
            await browser.delete("account/sessions/nothing")
        await Operations(ada.services).run("user_add", {"email": "bob@example.org", "password": "correct horse"})
        found = await until_lines(ada, 5)
        shown = {entry["what"]: entry for entry in found}
        assert list(shown) == [
            "Add a person",
            "End a session",
            "Revoke an access token",
            "Create a product",
            "Create a thing",
        ]
        made = shown["Create a thing"]
        assert made["target"] == f"{thing['id']} porch"
        assert (made["person"], made["status"], made["door"], made["address"]) == (
            "ada@example.org",
            201,
            "arduino",
            "127.0.0.1",
        )
        assert shown["Add a person"]["person"] == "command line"
        assert shown["Add a person"]["target"] == "bob@example.org"
        assert shown["End a session"]["failed"] is True
        everything = str(found)
        assert token not in everything
        assert "horse" not in everything


async def test_values_events_and_questions_are_not_written(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        thing = await ada.thing("level")
        (variable,) = await ada.services.variables.of(thing)
        token = (await ada.services.tokens.issue(Bearer.PERSON, ada.person.id, "cli")).token
        assert server.url is not None
        headers = {"authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=server.url, headers=headers, trust_env=False) as client:
            publish = await client.put(f"/iot/v2/things/{thing.id}/properties/{variable.id}/publish", json={"value": 1})
            assert publish.status_code == 200
            assert (await client.post("/v1/devices/events", json={"name": "e"})).status_code == 200
            await client.post("/v1/devices/nothing/blink", json={"arg": "x"})
            await client.post("/iot/v2/series/batch_query", json={"requests": []})
            await client.put("/iot/v2/things", json={"name": "last"})
        assert [entry["what"] for entry in await until_lines(ada, 1)] == ["Create a thing"]


async def test_a_sign_in_is_written_and_no_password(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        await ada.services.people.set_password(ada.person, "correct horse battery")
        assert server.url is not None
        async with httpx.AsyncClient(base_url=server.url, headers={"origin": server.url}, trust_env=False) as client:
            for password in ("wrong horse battery", "correct horse battery"):
                given = {"email": "ada@example.org", "password": password}
                await client.post("/console/api/session", json=given)
        found = await until_lines(ada, 1)
        assert [(entry["what"], entry["person"], entry["status"]) for entry in found] == [
            ("Sign in", "ada@example.org", 200)
        ]


async def test_who_manages_a_space_reads_its_lines_and_no_others(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        bob = await Someone.signed_in(server, "bob@example.org")
        carla = await Someone.signed_in(server, "carla@example.org")
        space = await ada.services.people.organisation("Nest", bob.person)
        await ada.services.people.join(space.id, carla.person.id, Role.EDITOR)
        who = await ada.services.people.principal(bob.person.id, space.id)
        ada.services.audit.note(who, "arduino", "PUT", "/iot/v2/things", 201)
        ada.services.audit.note(None, "command", "RUN", "user_add", 200)
        await ada.services.audit.close()

        async def written() -> bool:
            return bool(await lines(bob, space=space.id)) and bool(await lines(ada))

        await until_so(written)
        assert [entry["what"] for entry in await lines(bob, space=space.id)] == ["Create a thing"]
        assert await lines(bob) == []
        assert [entry["what"] for entry in await lines(ada)] == ["Add a person"]
        assert await lines(ada, "?scope=space") == []
        async with carla.browser(space.id) as browser:
            assert (await browser.get("audit")).status_code == 403


async def test_pages_and_filters(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        for number in range(12):
            ada.services.audit.note(
                None if number % 2 else ada.who,
                "arduino",
                "PUT",
                "/iot/v2/things",
                404 if number == 4 else 201,
                target=f"thing{number}",
            )
        await ada.services.audit.close()
        await until_lines(ada, 12)
        seen: list[str] = []
        before: int | None = None
        async with ada.browser() as browser:
            while True:
                query = f"?limit=5&before={before}" if before is not None else "?limit=5"
                page = (await browser.get("audit" + query)).json()
                seen += [entry["target"] for entry in page["entries"]]
                before = page["next"]
                if before is None:
                    break
        assert seen == [f"thing{number}" for number in reversed(range(12))]
        assert [entry["target"] for entry in await lines(ada, "?failed=true")] == ["thing4"]
        assert [entry["target"] for entry in await lines(ada, "?q=create+thing7")] == ["thing7"]
        assert len(await lines(ada, f"?person={ada.person.id}")) == 6
        assert await lines(ada, "?door=console") == []


def test_words_of_routes_that_say_it_themselves() -> None:
    assert words("DELETE", "/v1/products/{product}/groups/{group}") == "Delete a group"
    assert words("POST", "/v1/integrations") == "Create an integration"
    assert words("POST", "/iot/v2/devices/{id}") == "Change a device"
    assert words("PUT", "settings") == "Change the settings of the server"
    assert words("RUN", "user_rename") == "Run user rename"


@pytest.mark.parametrize("known", WORDS)
def test_every_known_line_is_one_that_a_door_can_write(known: str, server_routes: set[str]) -> None:
    assert known in server_routes


@pytest.fixture(scope="module")
def server_routes() -> set[str]:
    """All lines that could be written."""
    from rookery.arduino.api.app import ROUTES as ARDUINO
    from rookery.particle.api.app import ROUTES as PARTICLE

    found = {f"{r.opt['operation'].method} {r.opt['operation'].path}" for r in ARDUINO}
    found |= {f"{method} {r.paths[0]}" for r in PARTICLE for method in r.methods}
    api: Any = OwnApi(None)  # type: ignore[arg-type]
    try:
        api._find("GET", "")
    except Exception:
        pass
    found |= {f"{row.method} {'/'.join(row.path)}" for row in api._routes}
    found |= {f"RUN {name}" for name in dir(Operations) if "_" in name and not name.startswith("_")}
    return found | {"RUN backup_begin"}
