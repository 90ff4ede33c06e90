"""The plugin as a user's test suite has it."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

SOURCE = Path(__file__).parents[2] / "src"


def test_importing_it_does_not_import_the_server() -> None:
    program = "import sys, rookery.testing.plugin; print(*sorted(m for m in sys.modules if m.startswith('rookery')))"
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(SOURCE)}, capture_output=True, check=True, text=True
    )
    assert done.stdout.split() == ["rookery", "rookery.testing", "rookery.testing.plugin", "rookery.testing.sandbox"]


def test_a_suite_gets_one_sandbox_and_more_when_it_asks(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["rookery.testing.plugin"]')
    pytester.makepyfile(
        textwrap.dedent(
            """
            seen = []

            def test_one(rookery):
                seen.append(rookery.http)
                thing = rookery.call("PUT", "/iot/v2/things", {"name": "garden"})
                assert rookery.call("GET", f"/iot/v2/things/{thing['id']}")["name"] == "garden"
                assert rookery.environment["SSL_CERT_FILE"] == str(rookery.ca)

            def test_two(rookery, rookery_factory):
                assert seen == [rookery.http]
                other = rookery_factory(clock="manual")
                assert other.http != rookery.http
                assert other.call("GET", "/iot/v2/things") == []
                assert other.turn_clock(60) < other.turn_clock(60)
            """
        )
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_a_suite_gets_particle_boards(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["rookery.testing.plugin"]')
    pytester.makepyfile(
        textwrap.dedent(
            """
            import asyncio
            import pytest

            @pytest.mark.parametrize("transport", ["tcp", "udp"])
            def test_boards(rookery, transport):
                async def run():
                    board = await rookery.particle_board(
                        transport, name=f"bench-{transport}", variables={"level": 7}, functions={"led": len}
                    )
                    try:
                        path = f"/v1/devices/bench-{transport}"
                        called = await asyncio.to_thread(rookery.particle_call, "POST", path + "/led", {"arg": "on"})
                        assert called["return_value"] == 2
                        assert (await asyncio.to_thread(rookery.particle_call, "GET", path + "/level"))["result"] == 7
                        await board.publish("hello")
                    finally:
                        board.stop()

                asyncio.run(run())
            """
        )
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)
