"""`rookery simulate`: virtual boards that talk to a server like real ones."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

import typer

from rookery.cli.exits import Exit, fail
from rookery.cli.options import DataDir, User, folder
from rookery.cli.simulate_targets import (
    CREDENTIALS,
    Elsewhere,
    ParticleTarget,
    Target,
    elsewhere,
    on_folder,
    particle_elsewhere,
    particle_on_folder,
    running_on,
)

if TYPE_CHECKING:
    from rookery.simulate.crowd import Crowd
    from rookery.simulate.fleet import Address, Plan, Registered
    from rookery.simulate.particle_fleet import ParticleFleet, ParticlePlan, ParticleRegistered
    from rookery.simulate.shell import Trust

T = TypeVar("T")

MOST_BOARDS = 10_000
"""In one process: beyond it, one processor does not get through their handshakes in minutes."""
USUAL_BOARDS = 3
"""Arduino boards, when no number is said for either kind."""
STATE_SECONDS = 5.0
"""Between two lines about how the boards are doing, which are written only when that has changed."""
PROGRESS_STEP = 50
"""Boards between two lines about how far the registration is."""
TRANSPORTS = ("tcp", "udp")


class Wanted(NamedTuple):
    """Boards that shall run."""

    arduino: list[Plan]
    particle: list[ParticlePlan]


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
            str | None,
            typer.Option(help="Address of a server elsewhere; needs an API key, or a token.", metavar="URL"),
        ] = None,
        arduino: Annotated[
            int | None,
            typer.Option(
                help="How many Arduino boards; 3 when --particle is not given.",
                min=0,
                max=MOST_BOARDS,
                show_default=False,
            ),
        ] = None,
        particle: Annotated[int, typer.Option(help="How many Particle boards.", min=0, max=MOST_BOARDS)] = 0,
        transport: Annotated[
            str, typer.Option(help="tcp, udp or both, in turn; Arduino boards only have tcp.", metavar="LIST")
        ] = "tcp,udp",
        library: Annotated[
            str, typer.Option(help="Whose way of talking Arduino boards have, in turn: cpp, python.", metavar="LIST")
        ] = "cpp,python",
        client_id: Annotated[
            str | None, typer.Option(help="API key, with --server.", envvar=CREDENTIALS[0], metavar="ID")
        ] = None,
        client_secret: Annotated[
            str | None, typer.Option(help="Better in the environment.", envvar=CREDENTIALS[1], metavar="SECRET")
        ] = None,
        token: Annotated[
            str | None,
            typer.Option(
                help="Access token for Particle boards, with --server.", envvar=CREDENTIALS[2], metavar="TOKEN"
            ),
        ] = None,
        server_keys: Annotated[
            Path | None,
            typer.Option(
                help="Folder with server_rsa.pub.der and server_ec.pub.der, with --server.",
                metavar="DIR",
            ),
        ] = None,
        mqtts_port: Annotated[
            int | None, typer.Option(help="MQTT over TLS; default: what the folder says, or 8884.", min=1, max=65_535)
        ] = None,
        particle_tcp_port: Annotated[
            int | None, typer.Option(help="Default: what the folder says, or 5683.", min=1, max=65_535)
        ] = None,
        particle_udp_port: Annotated[
            int | None, typer.Option(help="Default: what the folder says, or 5684.", min=1, max=65_535)
        ] = None,
        ca: Annotated[
            Path | None, typer.Option(help="The server's authority (PEM), with --server.", metavar="FILE")
        ] = None,
        insecure: Annotated[bool, typer.Option("--insecure", help="Do not check the server's certificate.")] = False,
        seed: Annotated[int, typer.Option(help="The same seed gives the same sensors.")] = 1,
        user: User = None,
    ) -> None:
        """Register virtual boards with a running server and run them over the true wire: Arduino boards over MQTT and
        TLS, Particle boards over TCP and DTLS.

        Prints one line of JSON, the list of boards, then runs until SIGTERM or SIGINT; how the boards are doing is on
        standard error. Boards of an earlier run with the same names are used again, with new keys.
        """
        from rookery.simulate.shell import Trust

        # Until the boards run, both signals end the command in the way that still withdraws its API key.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        wanted = _wanted(arduino, particle, transport, library)
        said = Elsewhere(client_id, client_secret, token, server_keys, mqtts_port, particle_tcp_port, particle_udp_port)
        boards: list[Registered] = []
        with ExitStack() as stack:
            if server is not None:
                if data_dir is not None or user is not None:
                    fail("--server goes without --data-dir and --user.", Exit.USAGE)
                trust = Trust(ca, verify=not insecure)
                there = elsewhere(server, said, trust) if wanted.arduino else None
                target = particle_elsewhere(server, said, trust) if wanted.particle else None
                address = there.address if there else None
                if there is not None:
                    boards = _registered(there, wanted.arduino)
            else:
                path = folder(data_dir)
                running = running_on(path)
                authority = path / "keys" / "ca.pem"
                trust = Trust(ca or (authority if authority.exists() else None), verify=not insecure)
                address = None
                if wanted.arduino:
                    with on_folder(path, running, mqtts_port, trust, user) as ours:
                        boards, address = _registered(ours, wanted.arduino), ours.address
                target = (
                    stack.enter_context(particle_on_folder(path, running, said, trust, user))
                    if wanted.particle
                    else None
                )
            born = _particle_registered(target, wanted.particle) if target is not None else []
            _run(_live(boards, address, born, target, seed))


def _wanted(arduino: int | None, particle: int, transport: str, library: str) -> Wanted:
    from rookery.simulate.fleet import Library, plans
    from rookery.simulate.particle_fleet import particle_plans

    transports = _listed("--transport", transport, TRANSPORTS)
    libraries = [Library(name) for name in _listed("--library", library, tuple(Library))]
    if arduino is None:
        arduino = 0 if particle else USUAL_BOARDS
    if not arduino + particle:
        fail("No boards: --arduino or --particle says how many.", Exit.USAGE)
    if arduino and "tcp" not in transports:
        fail("Arduino boards have no other transport than tcp.", Exit.USAGE)
    return Wanted(
        plans(arduino, libraries) if arduino else [],
        particle_plans(particle, ["udp" if name == "udp" else "tcp" for name in transports]),
    )


def _listed(option: str, text: str, known: Sequence[str]) -> list[str]:
    names = [part.strip() for part in text.split(",")]
    if not set(names) <= set(known):
        fail(f"{option} is a list of {', '.join(known)}; {text!r} is not.", Exit.USAGE)
    return names


def _shown(registered: list[Registered], born: list[ParticleRegistered]) -> list[dict[str, str]]:
    arduino = [
        {"id": each.device_id, "name": each.plan.name, "dialect": "arduino", "transport": "tcp"} for each in registered
    ]
    particle = [
        {"id": each.device_id, "name": each.plan.name, "dialect": "particle", "transport": each.plan.transport}
        for each in born
    ]
    return arduino + particle


def _registered(target: Target, wanted: list[Plan]) -> list[Registered]:
    from rookery.simulate.api import Api
    from rookery.simulate.provision import provision

    async def register_all() -> list[Registered]:
        api = Api(target.url, target.key, target.address.trust)
        try:
            return await provision(api, wanted, _progress)
        finally:
            await api.close()

    return _carefully(register_all, target.url, target.address.trust)


def _particle_registered(target: ParticleTarget, wanted: list[ParticlePlan]) -> list[ParticleRegistered]:
    from rookery.simulate.api import Api
    from rookery.simulate.particle_provision import provision_particle

    for plan in wanted:
        if target.address.port(plan.transport) is None:
            fail(f"The server of this folder has no listener for Particle boards over {plan.transport.upper()}.")

    async def register_all() -> list[ParticleRegistered]:
        api = Api(target.url, target.token, target.trust)
        try:
            return await provision_particle(api, wanted, _progress)
        finally:
            await api.close()

    return _carefully(register_all, target.url, target.trust)


def _progress(done: int, count: int) -> None:
    if done == count or done % PROGRESS_STEP == 0:
        _say(f"Registered {done} of {count} boards.")


def _carefully(work: Callable[[], Coroutine[Any, Any, T]], url: str, trust: Trust) -> T:
    """Do it, or end the command with a sentence."""
    from rookery.simulate.api import ApiRefused, ApiUnreachable

    try:
        trust.context()
        return asyncio.run(work())
    except ApiUnreachable as error:
        fail(str(error), Exit.UNREACHABLE)
    except ApiRefused as error:
        fail(str(error))
    except (OSError, ValueError) as error:
        fail(f"{trust.ca or url} can not be used: {error}", Exit.USAGE)
    except KeyboardInterrupt:
        fail("Stopped before all boards were registered.")


async def _live(
    registered: list[Registered],
    address: Address | None,
    born: list[ParticleRegistered],
    target: ParticleTarget | None,
    seed: int,
) -> None:
    """Run the boards until a signal comes."""
    from rookery.clock import SystemClock
    from rookery.simulate.fleet import Fleet
    from rookery.simulate.particle_fleet import ParticleFleet

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(json.dumps(_shown(registered, born)), flush=True)
    clock = SystemClock()
    fleets: list[Crowd[Any]] = []
    jobs = []
    if address is not None:
        fleets.append(Fleet(registered, address, clock, seed))
    if target is not None:
        fleets.append(fleet := ParticleFleet(born, target.address, clock, seed))
        jobs.append(asyncio.ensure_future(_name(fleet, born, target)))
    jobs += [asyncio.ensure_future(each.start()) for each in fleets]
    jobs.append(asyncio.ensure_future(_watch(fleets)))
    await stop.wait()
    for job in jobs:
        job.cancel()
    await asyncio.gather(*(each.stop() for each in fleets))
    _say(f"Stopped after {sum(each.messages for each in fleets)} messages.")


async def _name(fleet: ParticleFleet, born: list[ParticleRegistered], target: ParticleTarget) -> None:
    """Give new boards their names as soon as they have come to their owner."""
    from rookery.simulate.api import Api, ApiRefused, ApiUnreachable
    from rookery.simulate.particle_provision import name_boards

    await fleet.claimed()
    api = Api(target.url, target.token, target.trust)
    try:
        await name_boards(api, born)
    except (ApiRefused, ApiUnreachable) as error:
        _say(f"Boards keep the names that the server gave them: {error}")
    finally:
        await api.close()


async def _watch(fleets: Sequence[Crowd[Any]]) -> None:
    """Say how the boards are doing when it changes."""
    said: tuple[int, int] | None = None
    started = time.monotonic()
    while True:
        state = (sum(each.online for each in fleets), sum(each.losses for each in fleets))
        if state != said:
            said = state
            trouble = next(filter(None, (each.trouble() for each in fleets)), "")
            _say(
                f"{state[0]} of {sum(len(each.boards) for each in fleets)} boards online after "
                f"{time.monotonic() - started:.0f} s, {sum(each.messages for each in fleets)} messages, "
                f"{state[1]} lost connections" + (f" ({trouble})" if trouble else "")
            )
        await asyncio.sleep(STATE_SECONDS)


def _run(main: Any) -> None:
    import uvloop

    # A TLS connection costs 25 kB on this loop and 280 kB on the standard one.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
