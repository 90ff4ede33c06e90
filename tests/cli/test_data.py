"""`rookery data`, beside a running server and without one: out, in, in again, and what is damaged."""

from __future__ import annotations

import asyncio
import csv
import errno
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from http.client import RemoteDisconnected
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rookery.admin.runfile import Running
from rookery.cli import orders
from rookery.cli.data import _tables
from rookery.cli.exits import Exit
from rookery.cli.orders import ask
from rookery.storage.telemetry import TelemetryStore
from rookery.testing import Sandbox, running_sandbox
from tests.cli.shell import Done, rookery
from tests.fakes import ManualClock

Run = Callable[..., Done]
COUNT = 60
VARIABLES = (
    ("temperature", "FLOAT"),
    ("count", "INT"),
    ("words", "CHARSTRING"),
    ("lamp", "STATUS"),
    ("place", "LOCATION"),
)
MOMENTS = [f"2026-01-01T00:{minute:02}:00Z" for minute in range(COUNT)]


def furnished(cloud: Sandbox) -> None:
    """Two things of the same variables, one of them with a history of every kind."""
    for name in ("house", "shed"):
        properties = [
            {"name": symbol, "type": kind, "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"}
            for symbol, kind in VARIABLES
        ]
        thing = cloud.call("PUT", "/iot/v2/things", {"name": name, "properties": properties})
        if name == "house":
            for variable in cloud.call("GET", f"/iot/v2/things/{thing['id']}/properties"):
                data = [
                    {"timestamp": moment, "value": value_of(variable["variable_name"], number)}
                    for number, moment in enumerate(MOMENTS)
                ]
                path = f"/iot/v2/things/{thing['id']}/properties/{variable['id']}/publish_batch"
                cloud.call("PUT", path, data)


def value_of(name: str, number: int) -> Any:
    return {
        "temperature": number / 4 + 0.1,
        "count": 2**53 + number,
        "words": f'said "{number}",\nand more',
        "lamp": number % 2 == 0,
        "place": {"lat": 45.5 + number, "lon": 9.25},
    }[name]


@pytest.fixture(params=["alone", "beside a server"], scope="module")
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("data")
    with running_sandbox(folder) as cloud:
        furnished(cloud)
        if request.param == "beside a server":
            yield folder
            return
    yield folder


@pytest.fixture
def run(folder: Path) -> Run:
    return lambda *arguments: rookery(*arguments, "--data-dir", str(folder))


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_out_and_in_again(run: Run, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"history.{ending}"
    done = run("data", "export", str(file), "--thing", "house")
    assert (done.code, done.errors) == (0, f"{len(VARIABLES) * COUNT} points.\n")
    told = run("data", "import", str(file), "--json").json
    assert told == {"points": 300, "stored": 0, "present": 300}
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_what_was_written_is_what_was_stored(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    assert run("data", "export", str(file), "--thing", "house", "--variable", "count").code == 0
    with file.open(encoding="utf-8", newline="") as table:
        rows = [row for row in csv.DictReader(table) if (row["thing"], row["variable"]) == ("house", "count")]
    assert [row["value"] for row in rows] == [str(2**53 + number) for number in range(COUNT)]
    assert {row["kind"] for row in rows} == {"int"}
    assert rows[0]["time"] == "2026-01-01T00:00:00.000000Z"


def test_a_part_of_it(run: Run, tmp_path: Path) -> None:
    span = ("--from", MOMENTS[10], "--to", MOMENTS[20])
    out = run("data", "export", "-", "--variable", "lamp", *span)
    assert (out.code, out.errors) == (0, "10 points.\n")
    assert len(out.out.splitlines()) == 11
    file = tmp_path / "x.csv"
    file.write_text("mine")
    there = run("data", "export", str(file))
    assert (there.code, there.errors) == (2, f"{file} is there already. --force replaces it.\n")
    assert file.read_text() == "mine"
    assert run("data", "export", str(file), "--force", "--thing", "house").code == 0
    assert "There is no thing 'barn'" in run("data", "export", "-", "--thing", "barn").errors
    assert run("data", "export", "-", "--from", "yesterday").code == 2
    assert run("data", "export", str(tmp_path / "nowhere" / "x.csv")).code == 1


def test_into_another_thing_by_name(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    lines = [f"{moment},shed,temperature,{number}.5" for number, moment in enumerate(MOMENTS)]
    file.write_text("time,thing,variable,value\n" + "\n".join(reversed(lines)))
    assert run("data", "import", str(file), "--json").json["present"] in (0, COUNT)
    assert run("data", "import", str(file), "--json").json == {"points": COUNT, "stored": 0, "present": COUNT}
    out = run("data", "export", "-", "--thing", "shed")
    assert [line.rpartition(",")[2] for line in out.out.splitlines()[1:]] == [f"{number}.5" for number in range(COUNT)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param("2026-01-01,house,temperature,warm", "line 3: 'warm' is no float", id="no number"),
        pytest.param("2026-01-01,house,temperature,nan", "line 3: temperature can not hold nan", id="not a number"),
        pytest.param("1999-12-31,house,temperature,1", "line 3: a time is between 2000 and 2100", id="too early"),
        pytest.param("2100-01-01,house,temperature,1", "line 3: a time is between 2000 and 2100", id="too late"),
        pytest.param("99999999999999999,house,temperature,1", "line 3: a time is between", id="no time at all"),
        pytest.param("2026-01-01,barn,temperature,1", "no variable 'temperature' in 'barn'", id="no such thing"),
        pytest.param("2026-01-01,house,mood,1", "no variable 'mood' in 'house'", id="no such variable"),
        pytest.param(f"2026-01-01,house,words,{'x' * 100_001}", "at most 100000 characters", id="an endless text"),
        pytest.param("2026-01-01,house,count,1.5", "'1.5' is no int", id="another kind"),
        pytest.param(
            '2026-01-01,house,place,"{""lat"":NaN}"', "line 3: A part can not be nan", id="a part that is none"
        ),
        pytest.param(
            '2026-01-01,house,place,"{""lat"":null}"',
            "line 3: The parts of an object are booleans, numbers and texts",
            id="a part that is empty",
        ),
        pytest.param(
            '2026-01-01,house,place,"{""lat"":""\\ud800""}"',
            "line 3: A text can not hold half of a character",
            id="half",
        ),
        pytest.param(
            f'2026-01-01,house,place,"{{""a"":""{"x" * 100_001}""}}"',
            "line 3: An object has at most",
            id="a long object",
        ),
    ],
)
def test_when_something_is_wrong_nothing_is_taken_in(run: Run, tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "in.csv"
    file.write_text(f"time,thing,variable,value\n2026-02-02,house,temperature,1\n{line}\n")
    before = run("data", "export", "-", "--thing", "house").errors
    done = run("data", "import", str(file))
    assert (done.code, done.out) == (1, "")
    assert said in done.errors
    assert "Nothing was taken in" in done.errors
    assert run("data", "export", "-", "--thing", "house").errors == before


def test_many_points_at_once(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "many.csv"
    count = 60_000
    with file.open("w") as table:
        table.write("time,thing,variable,value\n")
        table.writelines(f"{1_500_000_000 + number},shed,count,{number}\n" for number in range(count))
    assert run("data", "import", str(file), "--json").json == {"points": count, "stored": count, "present": 0}
    span = ("--from", "1500000000", "--to", str(1_500_000_000 + count))
    out = tmp_path / "out.parquet"
    assert run("data", "export", str(out), "--thing", "shed", *span).errors == f"{count} points.\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("words", "\x01" * 99_990, id="text that takes six bytes a character"),
        pytest.param("place", {f"part {n:04}": "x" * 80 for n in range(1_000)}, id="objects of 1,000 parts"),
    ],
)
def test_the_largest_values_are_taken_in_in_requests_that_a_server_takes(
    run: Run, tmp_path: Path, name: str, value: str | dict[str, str]
) -> None:
    file = tmp_path / "large.csv"
    count = 200
    with file.open("w", newline="") as table:
        rows = csv.writer(table)
        rows.writerow(("time", "thing", "variable", "value"))
        for number in range(count):
            text = value + str(number) if isinstance(value, str) else json.dumps({**value, "part 0000": number})
            rows.writerow((1_400_000_000 + number, "shed", name, text))
    assert run("data", "import", str(file), "--json").json == {"points": count, "stored": count, "present": 0}
    assert run("data", "import", str(file), "--json").json == {"points": count, "stored": 0, "present": count}


def test_a_table_that_goes_from_variable_to_variable_waits_for_few_of_its_rows(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rookery.cli.data_import.HELD_BYTES", 2_000)
    sent: list[int] = []
    monkeypatch.setattr("rookery.cli.data.Progress", lambda _unit: _Steps(sent))
    file = tmp_path / "mixed.csv"
    rows = [
        f"{1_300_000_000 + n},{('house', 'shed')[n % 2]},{('count', 'temperature')[n // 2 % 2]},{n}" for n in range(400)
    ]
    file.write_text("time,thing,variable,value\n" + "\n".join(rows) + "\n")
    assert run("data", "import", str(file), "--json").json == {"points": 400, "stored": 400, "present": 0}
    assert max(later - earlier for earlier, later in pairwise(sent)) <= 20


class _Steps:
    """Notes how far an import is."""

    def __init__(self, sent: list[int]) -> None:
        self._sent = sent

    def __call__(self, done: int, total: int) -> None:
        if done:
            self._sent.append(done)

    def end(self) -> None:
        pass


def test_a_server_that_ends_meanwhile_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_sandbox(tmp_path) as cloud:
        furnished(cloud)
        file = tmp_path / "in.csv"
        file.write_text("time,thing,variable,value\n2026-02-02,house,temperature,1\n")

        def gone(running: Running, operation: str, arguments: dict[str, Any]) -> Any:
            if operation == "data_write":
                raise RemoteDisconnected("Remote end closed connection without response")
            return ask(running, operation, arguments)

        monkeypatch.setattr(orders, "ask", gone)
        done = rookery("data", "import", str(file), "--data-dir", str(tmp_path))
        assert (done.code, done.out) == (Exit.UNREACHABLE, "")
        assert re.search(r"The server \(process \d+\) has gone away in the midst of it. Do the same again", done.errors)


def test_stats_and_check(run: Run) -> None:
    told = run("data", "stats", "--json").json
    assert told["series"] >= len(VARIABLES)
    assert told["points_in_blocks"] + told["points_in_log"] >= len(VARIABLES) * COUNT
    assert "points in log" in run("data", "stats").out
    sound = run("data", "check", "--json").json
    assert sound["damaged"] == []
    assert sound["points"] >= len(VARIABLES) * COUNT
    assert "Nothing is damaged." in run("data", "check").out


def test_where_nothing_is(tmp_path: Path) -> None:
    for words in (("check",), ("stats",), ("export", "-")):
        done = rookery("data", *words, "--data-dir", str(tmp_path))
        assert done.code in (1, 3)
        assert done.errors.startswith("There is no Rookery data in")
    assert rookery("data", "import", str(tmp_path / "x.csv"), "--data-dir", str(tmp_path)).code == 2


def test_damage_is_told_by_the_name_of_the_variable_and_costs_its_block_only(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with running_sandbox(folder) as cloud:
        furnished(cloud)

    async def merge() -> None:
        store = TelemetryStore(folder / "telemetry.db", ManualClock())
        await store.open()
        await store.merge()
        await store.close()

    asyncio.run(merge())
    catalog = sqlite3.connect(folder / "catalog.db")
    found = (
        "SELECT series FROM variable WHERE symbol = 'count' AND thing_id = (SELECT id FROM thing WHERE name = 'house')"
    )
    ((series,),) = catalog.execute(found).fetchall()
    catalog.close()
    connection = sqlite3.connect(folder / "telemetry.db")
    with connection:
        change = "UPDATE block SET times = zeroblob(length(times)) WHERE series = ?"
        assert connection.execute(change, (series,)).rowcount == 1
    connection.close()
    where = ("--data-dir", str(folder))
    done = rookery("data", "check", *where)
    assert done.code == 1
    (line,) = [line for line in done.out.splitlines() if line.startswith("file ")]
    assert "variable house / count; from 2026-01-01T00:00:00.000000Z; to 2026-01-01T00:59:00.000000Z" in line
    assert "points 60; why its checksum is wrong" in line
    assert "Damaged: 1." in done.out
    # The rest comes out, whatever stretch is asked for.
    out = rookery("data", "export", "-", "--thing", "house", "--from", MOMENTS[10], *where)
    assert (out.code, out.errors) == (0, f"{(len(VARIABLES) - 1) * (COUNT - 10)} points.\n")


def test_a_damaged_row_of_the_log_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with running_sandbox(folder) as cloud:
        furnished(cloud)
    connection = sqlite3.connect(folder / "telemetry.db")
    connection.execute("UPDATE log SET checksum = checksum + 1 WHERE id = (SELECT min(id) FROM log)")
    connection.commit()
    connection.close()
    done = rookery("data", "check", "--data-dir", str(folder), "--json")
    assert done.code == 1
    assert '"part": "log"' in done.out


def test_a_damaged_file_is_repaired_once_its_server_is_stopped(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    where = ("--data-dir", str(folder))
    with running_sandbox(folder) as cloud:
        furnished(cloud)
        done = rookery("data", "repair", *where)
        assert (done.code, done.out) == (0, "Nothing is damaged, and nothing was changed.\n")
        connection = sqlite3.connect(folder / "telemetry.db")
        connection.execute("UPDATE log SET checksum = checksum + 1 WHERE id = (SELECT min(id) FROM log)")
        connection.commit()
        connection.close()
        done = rookery("data", "repair", *where)
        assert (done.code, done.errors) == (Exit.IN_USE, f"A server runs on {folder}. Stop it, and do this again.\n")
    done = rookery("data", "repair", *where, "--json")
    told = json.loads(done.out)
    assert (done.code, told["set_aside"], told["lost"]) == (0, 1, [])
    assert Path(told["kept"]).parent == folder
    assert rookery("data", "check", *where).out.splitlines()[-1] == "Damaged: 1."
    out = rookery("data", "export", "-", *where)
    assert out.code == 0
    connection = sqlite3.connect(folder / "telemetry.db")
    (row,) = connection.execute("SELECT data FROM log ORDER BY id DESC").fetchone()
    connection.close()
    whole = (folder / "telemetry.db").read_bytes()
    page = whole.index(row[:50]) // 4096 * 4096
    (folder / "telemetry.db").write_bytes(whole[:page] + b"\xa5" * 4096 + whole[page + 4096 :])
    done = rookery("data", "repair", *where)
    assert done.code == 1
    assert "part log" in done.out
    assert "why rows after this one can not be read" in done.out
    assert done.out.splitlines()[-1] == "Could not be read: 1."


def test_a_full_disk_is_said_with_the_name_of_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, _tables(Path("all.csv")):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert (ended.value.code, capsys.readouterr().err) == (1, "all.csv: no space left on device.\n")
