"""`rookery simulate`: virtual boards that talk to a server like real ones."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from rookery.cli.exits import Exit, fail
from rookery.cli.options import DataDir, User, folder, order

if TYPE_CHECKING:
    from rookery.simulate.api import ApiKey
    from rookery.simulate.fleet import Address, Fleet, Plan, Registered

MOST_BOARDS = 10_000
"""In one process: beyond it, one processor does not get through their handshakes in minutes."""
STATE_SECONDS = 5.0
"""Between two lines about how the boards are doing, which are written only when that has changed."""
PROGRESS_STEP = 50
"""Boards between two lines about how far the registration is."""
DEFAULT_MQTTS_PORT = 8884
TRANSPORTS = ("tcp", "udp")
CREDENTIALS = ("ROOKERY_CLIENT_ID", "ROOKERY_CLIENT_SECRET")


class Target(NamedTuple):
    """The server that is meant."""

    url: str
    key: ApiKey
    address: Address


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        "simulate",
        short_help="Run virtual boards against a server.",
        epilog="Exit codes: 0 stopped by a signal, 1 refused by the server, 2 wrong usage, 6 no answer.",
    )
    def simulate(
        data_dir: DataDir = None,
        server: Annotated[
            str | None, typer.Option(help="Address of a server elsewhere; needs an API key.", metavar="URL")
        ] = None,
        arduino: Annotated[int, typer.Option(help="How many Arduino boards.", min=1, max=MOST_BOARDS)] = 3,
        particle: Annotated[int, typer.Option(help="Particle boards: none can be simulated yet.", min=0)] = 0,
        transport: Annotated[
            str, typer.Option(help="tcp, udp or both, in turn; Arduino boards only have tcp.", metavar="LIST")
        ] = "tcp,udp",
        library: Annotated[
            str, typer.Option(help="Whose way of talking the boards have, in turn: cpp, python.", metavar="LIST")
        ] = "cpp,python",
        client_id: Annotated[
            str | None, typer.Option(help="API key, with --server.", envvar=CREDENTIALS[0], metavar="ID")
        ] = None,
        client_secret: Annotated[
            str | None, typer.Option(help="Better in the environment.", envvar=CREDENTIALS[1], metavar="SECRET")
        ] = None,
        mqtts_port: Annotated[
            int | None, typer.Option(help="MQTT over TLS; default: what the folder says, or 8884.", min=1, max=65_535)
        ] = None,
        ca: Annotated[
            Path | None, typer.Option(help="The server's authority (PEM), with --server.", metavar="FILE")
        ] = None,
        insecure: Annotated[bool, typer.Option("--insecure", help="Do not check the server's certificate.")] = False,
        seed: Annotated[int, typer.Option(help="The same seed gives the same sensors.")] = 1,
        user: User = None,
    ) -> None:
        """Register virtual boards with a running server and run them: MQTT over TLS, as real boards do.

        Prints one line of JSON, the list of boards, then runs until SIGTERM or SIGINT; how the boards are doing is on
        standard error. Boards of an earlier run with the same names are used again, with new secret keys.
        """
        from rookery.simulate.fleet import Library, plans

        # Until the boards run, both signals end the command in the way that still withdraws its API key.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if particle:
            fail("Particle boards can not be simulated yet: leave --particle out.", Exit.USAGE)
        if "tcp" not in _listed("--transport", transport, TRANSPORTS):
            fail("Arduino boards have no other transport than tcp.", Exit.USAGE)
        wanted = plans(arduino, [Library(name) for name in _listed("--library", library, tuple(Library))])
        if server is not None:
            if data_dir is not None or user is not None:
                fail("--server goes without --data-dir and --user.", Exit.USAGE)
            target = _elsewhere(server, client_id, client_secret, mqtts_port, ca, insecure)
            registered = _registered(target, wanted)
        else:
            with _on_folder(folder(data_dir), mqtts_port, ca, insecure, user) as target:
                registered = _registered(target, wanted)
        _run(_live(registered, target.address, seed))


def _listed(option: str, text: str, known: Sequence[str]) -> list[str]:
    names = [part.strip() for part in text.split(",")]
    if not set(names) <= set(known):
        fail(f"{option} is a list of {', '.join(known)}; {text!r} is not.", Exit.USAGE)
    return names


def _shown(registered: Registered) -> dict[str, str]:
    plan = registered.plan
    return {"id": registered.device_id, "name": plan.name, "dialect": "arduino", "transport": "tcp"}


def _elsewhere(
    server: str, client_id: str | None, client_secret: str | None, port: int | None, ca: Path | None, insecure: bool
) -> Target:
    from urllib.parse import urlsplit

    from rookery.simulate.api import ApiKey
    from rookery.simulate.fleet import Address
    from rookery.simulate.shell import Trust

    if not client_id or not client_secret:
        fail(f"--server needs an API key: --client-id and --client-secret, or {' and '.join(CREDENTIALS)}.", Exit.USAGE)
    url = server if "//" in server else f"https://{server}"
    host = urlsplit(url).hostname
    if not host:
        fail(f"--server: {server!r} is not the address of a server.", Exit.USAGE)
    trust = Trust(ca, verify=not insecure)
    return Target(url, ApiKey(client_id, client_secret), Address(host, port or DEFAULT_MQTTS_PORT, trust))


@contextmanager
def _on_folder(path: Path, port: int | None, ca: Path | None, insecure: bool, user: str | None) -> Iterator[Target]:
    """The server that runs on a data folder, with an API key that is withdrawn at the end."""
    from rookery.admin import runfile
    from rookery.simulate.api import ApiKey
    from rookery.simulate.fleet import Address
    from rookery.simulate.shell import Trust

    running = runfile.read(path)
    if running is None:
        fail(
            f"No server runs on {path}: start `rookery serve --data-dir {path}`, or name another with --server.",
            Exit.UNREACHABLE,
        )
    if not running.url:
        fail("The server of this folder has no HTTP listener: start it with --http-port.")
    port = port or running.mqtts
    if port is None:
        fail("The server of this folder has no MQTT listener for secret keys: start it with --mqtts-port.")
    authority = path / "keys" / "ca.pem"
    trust = Trust(ca or (authority if authority.exists() else None), verify=not insecure)
    host = _near(port, running.url)
    made = order(path, "key_create", name="rookery simulate", user=user)
    try:
        yield Target(running.url, ApiKey(made["id"], made["secret"]), Address(host, port, trust))
    finally:
        order(path, "key_delete", id=made["id"])


def _near(port: int, url: str) -> str:
    """The address of this machine that answers on this port; the server may listen on one of them only."""
    import socket
    from urllib.parse import urlsplit

    def answers(host: str) -> bool:
        try:
            with socket.create_connection((host, port), timeout=5):
                return True
        except OSError:
            return False

    near = next(filter(answers, ("127.0.0.1", "::1", urlsplit(url).hostname or "")), None)
    return near or fail(f"Nobody answers on port {port} of this machine.", Exit.UNREACHABLE)


def _registered(target: Target, wanted: list[Plan]) -> list[Registered]:
    from rookery.simulate.api import Api, ApiRefused, ApiUnreachable
    from rookery.simulate.provision import provision

    def progress(done: int, count: int) -> None:
        if done == count or done % PROGRESS_STEP == 0:
            _say(f"Registered {done} of {count} boards.")

    async def register_all() -> list[Registered]:
        api = Api(target.url, target.key, target.address.trust)
        try:
            return await provision(api, wanted, progress)
        finally:
            await api.close()

    try:
        target.address.trust.context()
        return asyncio.run(register_all())
    except ApiUnreachable as error:
        fail(str(error), Exit.UNREACHABLE)
    except ApiRefused as error:
        fail(str(error))
    except (OSError, ValueError) as error:
        fail(f"{target.address.trust.ca or target.url} can not be used: {error}", Exit.USAGE)
    except KeyboardInterrupt:
        fail("Stopped before all boards were registered.")


async def _live(registered: list[Registered], address: Address, seed: int) -> None:
    """Run the boards until a signal comes."""
    from rookery.clock import SystemClock
    from rookery.simulate.fleet import Fleet

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(json.dumps([_shown(each) for each in registered]), flush=True)
    fleet = Fleet(registered, address, SystemClock(), seed)
    jobs = [asyncio.ensure_future(fleet.start()), asyncio.ensure_future(_watch(fleet))]
    await stop.wait()
    for job in jobs:
        job.cancel()
    await fleet.stop()
    _say(f"Stopped after {fleet.messages} messages.")


async def _watch(fleet: Fleet) -> None:
    """Say how the boards are doing when it changes."""
    said: tuple[int, int] | None = None
    started = time.monotonic()
    while True:
        state = (fleet.online, fleet.losses)
        if state != said:
            said = state
            trouble = fleet.trouble()
            _say(
                f"{state[0]} of {len(fleet.boards)} boards online after {time.monotonic() - started:.0f} s, "
                f"{fleet.messages} messages, {state[1]} lost connections" + (f" ({trouble})" if trouble else "")
            )
        await asyncio.sleep(STATE_SECONDS)


def _run(main: Any) -> None:
    import uvloop

    # A TLS connection costs 25 kB on this loop and 280 kB on the standard one.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
