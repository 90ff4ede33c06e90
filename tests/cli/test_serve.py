"""`rookery serve` and the entry point as processes: what is printed, how it ends, what a failure says."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rookery.cli.exits import Exit
from tests.cli.shell import rookery

ROOT = Path(__file__).parents[2]
ANY_PORTS = (
    *("--http-port", "0", "--https-port", "0", "--mqtt-port", "0"),
    *("--mqtts-port", "0", "--mqtts-cert-port", "0"),
    *("--particle-tcp-port", "0", "--particle-udp-port", "0"),
)
LINK = re.compile(r"  (http://localhost:\d+)(/start/\w+)\n")


def command(*arguments: str, program: str = "-m rookery") -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ROOKERY_")}
    return subprocess.Popen(
        [sys.executable, *program.split(), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**inherited, "PYTHONPATH": str(ROOT / "src")},
    )


@contextmanager
def serving(folder: Path, *arguments: str, lines: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server and the first lines that it prints."""
    process = command("serve", "--data-dir", str(folder), *ANY_PORTS, *arguments)
    try:
        assert process.stdout is not None
        yield process, "".join(process.stdout.readline() for _ in range(lines))
    finally:
        process.kill()
        process.communicate()


def end(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[int, str, str]:
    process.send_signal(number)
    out, errors = process.communicate(timeout=60)
    return process.returncode, out, errors


def failure(*arguments: str) -> tuple[int, str]:
    """Exit code and the one sentence of a command that can not be done."""
    process = command(*arguments)
    out, errors = process.communicate(timeout=60)
    assert out == ""
    assert "Traceback" not in errors
    sentences = [line for line in errors.splitlines() if not re.match(r"\d{4}-\d\d-\d\dT", line)]
    assert len(sentences) == 1, errors
    return process.returncode, sentences[0]


def test_the_first_start_prints_a_link_that_works_once(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with serving(folder, "--owner", "me@example.org", lines=12) as (process, told):
        assert f"Rookery serves {folder}" in told
        assert f"rookery user password --data-dir {folder}\n" in told
        assert "me@example.org" in told
        found = LINK.search(told)
        assert found is not None, told
        address = found[1].replace("localhost", "127.0.0.1") + found[2]
        with opener.open(address, timeout=30) as answer:
            assert (answer.status, answer.url) == (200, address.replace("/start/", "/console/start/"))
        door = address.replace("/start/", "/console/api/start/")
        headers = {"Content-Type": "application/json", "Origin": door.partition("/console/")[0]}
        chosen = urllib.request.Request(door, b'{"password": "a long password"}', headers)
        with opener.open(chosen, timeout=30) as answer:
            assert answer.status == 200
        with pytest.raises(urllib.error.HTTPError, match="404"):
            opener.open(door, timeout=30)
        code, out, errors = end(process)
        assert code == 0
        assert found[2] not in errors
        assert "a long password" not in errors
    with serving(folder, lines=5) as (process, told):
        code, out, _ = end(process, signal.SIGINT)
        assert code == 0
        assert "/start/" not in told + out


def test_the_link_is_printed_again_until_it_was_used(tmp_path: Path) -> None:
    links = []
    for _ in range(2):
        with serving(tmp_path, lines=9) as (process, told):
            links += [found[2] for found in [LINK.search(told)] if found]
            end(process)
    assert len(set(links)) == 2


def test_the_listeners_of_boards_are_told_and_can_be_turned_off(tmp_path: Path) -> None:
    with serving(tmp_path, "--particle-tcp-port", "off", lines=9) as (process, told):
        assert re.search(r"Particle boards TCP off, UDP \d+\n", told), told
        code, _, _ = end(process)
    assert code == 0


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        arguments = [*ANY_PORTS]
        arguments[1] = port
        code, sentence = failure("serve", "--data-dir", str(tmp_path), *arguments)
    assert code == Exit.PORT
    assert f"Port {port} (http_port) is taken" in sentence


def test_a_second_server_is_one_sentence(tmp_path: Path) -> None:
    with serving(tmp_path, lines=1) as (process, _):
        code, sentence = failure("serve", "--data-dir", str(tmp_path), *ANY_PORTS)
        assert code == Exit.IN_USE
        assert f"(process {process.pid})" in sentence
        assert end(process)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--http-port", "none"), Exit.USAGE, "--http-port must be a port number"),
        (("--http-port", "70000"), Exit.USAGE, "from 0 to 65535"),
        (("--https-port", "7777", "--mqtts-port", "7777"), Exit.USAGE, "both 7777"),
        (("--data-dir", "/dev/null"), Exit.FOLDER, "/dev/null is a file"),
        (("--data-dir", "/proc/nowhere/data"), Exit.FOLDER, "/proc/nowhere/data can not be"),
        (("--host", "192.0.2.1"), Exit.PORT, "because of its address"),
    ],
)
def test_what_can_not_be_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...], code: Exit, said: str) -> None:
    given = ("--data-dir", str(tmp_path), *ANY_PORTS, *arguments)
    found, sentence = failure("serve", *given)
    assert (found, said in sentence) == (code, True), sentence


def test_a_settings_file_with_a_mistake_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "rookery.toml").write_text("http_prot = 8080\n")
    code, sentence = failure("serve", "--data-dir", str(tmp_path))
    assert code == Exit.USAGE
    assert "did you mean http_port?" in sentence


def test_a_start_that_is_interrupted_ends_quietly(tmp_path: Path) -> None:
    process = command("serve", "--data-dir", str(tmp_path), *ANY_PORTS)
    while not (tmp_path / "rookery.lock").exists() and process.poll() is None:
        time.sleep(0.002)
    code, _, errors = end(process)
    assert (code, "Traceback" in errors) == (0, False), errors


def test_a_server_does_not_load_what_only_other_commands_need(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\n"
        "from rookery.cli.main import main\n"
        "sys.argv = ['rookery', 'sandbox']\n"
        "main()\n"
        "print(*sorted({'typer', 'argon2', 'alembic', 'prometheus_client', 'pcodec'} & set(sys.modules)))\n"
    )
    process = command(program=str(program))
    out, errors = process.communicate(timeout=60)
    assert errors == ""
    assert out.splitlines()[1] == "argon2"


def test_help_and_version() -> None:
    assert rookery("--version").out.startswith("rookery ")
    listed = rookery("--help")
    assert listed.code == 0
    for name in ("serve", "sandbox", "user", "key", "device", "ca", "simulate", "doctor"):
        assert re.search(rf"^  {name} ", listed.out, re.MULTILINE)
        told = rookery(name, "--help")
        assert (told.code, "usage: rookery" in told.out.lower()) == (0, True)
    assert rookery("fly").code == Exit.USAGE
    assert rookery("serve", "--fly").code == Exit.USAGE
