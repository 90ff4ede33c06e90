"""Dashboards of others, live: by a link, and for a person with whom one was shared."""

from __future__ import annotations

from pathlib import Path

from rookery.console import live_socket
from rookery.core.dashboard_widgets import Widget
from rookery.core.records import Dashboard
from tests.console.watching import Someone, looking
from tests.serving import serving


async def dashboard_of(ada: Someone, *variables: str) -> Dashboard:
    """A dashboard that shows these variables."""
    return await ada.services.dashboards.create(ada.who, name="Garden", widgets=[widget(*variables)])


def widget(*variables: str) -> Widget:
    return Widget(
        id="1b671a64-40d5-491e-99b0-da01ff1f3341",
        type="Value",
        name="level",
        x=0,
        y=0,
        width=4,
        height=4,
        variables=list(variables),
    )


async def test_a_link_shows_its_variables_and_nothing_else_until_it_is_withdrawn(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        thing = await ada.thing("level", "secret")
        live = await ada.services.live.get(thing.id)
        assert live is not None
        level, secret = (live.by_symbol[name].record.id for name in ("level", "secret"))
        dashboard = await dashboard_of(ada, level)
        link = await ada.services.dashboard_links.make(ada.who, dashboard.id)
        topic = f"thing/{thing.id}"
        async with looking(server, f"share={link.token}") as tab:
            others = ["events", "devices", "pulse", f"device/{thing.id}", f"thing/{dashboard.id}"]
            await tab.subscribe(topic, *others)
            assert (await tab.until("snapshot"))["v"] == []
            assert [(await tab.until("error"))["t"] for _ in others] == others
            await ada.write(thing, 1, "secret")
            await ada.write(thing, 2)
            assert [(v[0], v[2]) for v in (await tab.until("values"))["v"]] == [(level, 2)]
            await ada.services.dashboards.update(ada.who, dashboard.id, widgets=[widget(level, secret)])
            shown = await tab.until("snapshot")
            assert sorted(v[2] for v in shown["v"]) == [1, 2]
            await ada.services.dashboard_links.withdraw(ada.who, dashboard.id, link.link.id)
            assert await tab.close_code() == live_socket.LINK_OVER
        async with looking(server, f"share={link.token}") as tab:
            assert await tab.close_code() == live_socket.LINK_OVER


async def test_a_person_sees_what_was_shared_while_it_is(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        bob = await Someone.signed_in(server, "bob@example.org")
        thing = await ada.thing("level", "secret")
        live = await ada.services.live.get(thing.id)
        assert live is not None
        dashboard = await dashboard_of(ada, live.by_symbol["level"].record.id)
        topic = f"thing/{thing.id}"
        async with bob.tab() as tab:
            await tab.subscribe(topic)
            assert (await tab.until("error"))["status"] == 404
            await ada.services.dashboard_shares.share(ada.who, dashboard.id, [bob.person.id])
            # Nothing was watched that could appear by itself: the page asks when it has learnt of the dashboard.
            shown = None
            while shown is None or shown["k"] == "error":
                await tab.subscribe(topic)
                shown = await tab.next()
                while shown["k"] not in ("error", "snapshot"):
                    shown = await tab.next()
            await ada.write(thing, 1, "secret")
            await ada.write(thing, 5)
            assert [v[2] for v in (await tab.until("values"))["v"]] == [5]
            await ada.services.dashboard_shares.unshare(ada.who, dashboard.id, bob.person.id)
            assert (await tab.until("error"))["status"] == 404
