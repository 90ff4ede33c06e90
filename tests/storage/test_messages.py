"""The file of retained messages and sessions: what is marked gets there, what is acknowledged is there."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from rookery.core.messages import MessageStore, Retained
from rookery.storage.folder import FolderDamaged, FolderError, FolderTooNew
from rookery.storage.messages import MessageFile
from rookery.wire.mqtt.packets import Message
from rookery.wire.mqtt.session import SessionState


class Publisher:
    """Takes its tickets back."""

    def __init__(self) -> None:
        self.acknowledged: list[int] = []
        self.refusals: list[tuple[int, str]] = []
        self.calls = 0

    def committed(self, tickets: list[int]) -> None:
        self.acknowledged += tickets
        self.calls += 1

    def refused(self, tickets: list[int], reason: str) -> None:
        self.refusals += [(ticket, reason) for ticket in tickets]


class Disk:
    """Opens files that can be told to fail at the end of a transaction."""

    def __init__(self) -> None:
        self.failing = False

    def __call__(self, path: Path) -> sqlite3.Connection:
        disk = self

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
                if disk.failing and sql == "COMMIT":
                    raise sqlite3.OperationalError("disk I/O error")
                return super().execute(sql, *args)

        return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Connection)


async def reopened(path: Path) -> tuple[dict[str, dict[str, Retained]], dict[tuple[str, str], dict[str, Any]]]:
    """What a new process finds: retained messages and sessions."""
    file = await MessageFile.open(path)
    retained = {space: dict(messages) for space, messages in file.retained().items()}
    sessions = {(realm, str(data["client_id"])): data for realm, data in file.sessions()}
    await file.close()
    return retained, sessions


async def test_what_was_marked_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "messages.db"
    file: MessageStore = await MessageFile.open(path)
    assert isinstance(file, MessageFile)
    assert file.retained() == {}
    assert file.sessions() == []
    file.retain("home", "a/b", Retained(b"\x00\xff", 1))
    file.retain("home", "ä", Retained(b"first", 0))
    file.retain("home", "ä", Retained(b"second", 2))
    file.retain("work", "a/b", Retained(b"w", 0))
    file.retain("work", "gone", Retained(b"w", 0))
    await file.flush()
    file.retain("work", "gone", None)
    file.retain("work", "never", None)
    state = SessionState("cat")
    state.subscribe("a/#", 1)
    for number in range(3):
        state.enqueue(Message("t", bytes([number]), 1 + number % 2, number == 1))
    state.start_next()
    state.owns(7)
    file.keep("r", state)
    file.keep("r", SessionState("brief"))
    file.forget("r", "brief")
    file.forget("r", "unknown")
    file.handed("r", "unknown", ["t", b"", 1, False], away=False)
    await file.close()
    retained, sessions = await reopened(path)
    assert retained == {
        "home": {"a/b": Retained(b"\x00\xff", 1), "ä": Retained(b"second", 2)},
        "work": {"a/b": Retained(b"w", 0)},
    }
    assert sessions == {("r", "cat"): state.dump()}
    assert SessionState.load(sessions["r", "cat"]).dump() == state.dump()


async def test_tickets_come_back_in_order_when_all_before_them_is_on_disk(tmp_path: Path) -> None:
    file = await MessageFile.open(tmp_path / "messages.db")
    one, two = Publisher(), Publisher()
    for number in range(100):
        file.retain("home", f"t{number}", Retained(b"x", 1))
        file.after_commit(one if number % 2 else two, number)
    assert one.acknowledged == []
    await file.flush()
    assert one.acknowledged == list(range(1, 100, 2))
    assert two.acknowledged == list(range(0, 100, 2))
    assert file.commits == one.calls == two.calls == 1
    file.after_commit(one, 100)
    await file.flush()
    assert one.acknowledged[-1] == 100
    assert file.commits == 1  # there was nothing to write
    await file.close()


async def test_what_comes_while_the_disk_works_is_one_commit(tmp_path: Path) -> None:
    file = await MessageFile.open(tmp_path / "messages.db")
    publisher = Publisher()
    file.retain("home", "first", Retained(b"x", 1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for number in range(50):
        file.retain("home", f"t{number}", Retained(b"x", 1))
        file.after_commit(publisher, number)
    await file.flush()
    assert publisher.acknowledged == list(range(50))
    assert file.commits == 2
    await file.close()


class Counted(SessionState):
    """A session that counts how often it is looked over."""

    __slots__ = ("looks",)

    def __init__(self, client_id: str) -> None:
        super().__init__(client_id)
        self.looks = 0

    def dump(self) -> dict[str, Any]:
        self.looks += 1
        return super().dump()


async def test_a_message_for_a_long_line_costs_one_row_and_no_look(tmp_path: Path) -> None:
    path = tmp_path / "messages.db"
    file = await MessageFile.open(path)
    state = Counted("cat")
    for number in range(500):
        state.enqueue(Message("t", b"%d" % number, 1))
    file.keep("r", state)
    await file.flush()
    assert state.looks == 1
    before = file._connection.total_changes
    for number in range(3):
        state.enqueue(Message("t", b"more %d" % number, 1, True))
        file.keep("r", state)
        file.handed("r", "cat", ["t", b"more %d" % number, 1, True], away=True)
        await file.flush()
    file.handed("r", "cat", ["t", b"dropped", 1, True], away=True)
    await file.flush()
    assert file._connection.total_changes == before + 3
    assert state.looks == 1
    state.enqueue(Message("t", b"waits", 1))
    file.keep("r", state)
    file.handed("r", "cat", ["t", b"waits", 1, False], away=True)
    file.handed("r", "cat", ["t", b"dropped", 1, False], away=True)
    await file.flush()
    assert state.looks == 2
    await file.close()
    _, sessions = await reopened(path)
    assert sessions == {("r", "cat"): state.dump()}


async def test_more_than_is_remembered_is_looked_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rookery.storage.messages.HANDED", 3)
    path = tmp_path / "messages.db"
    file = await MessageFile.open(path)
    state = Counted("cat")
    file.keep("r", state)
    await file.flush()
    for number in range(9):
        state.enqueue(Message("t", b"%d" % number, 1))
        file.handed("r", "cat", ["t", b"%d" % number, 1, False], away=False)
    await file.flush()
    assert state.looks == 2
    await file.close()
    _, sessions = await reopened(path)
    assert sessions == {("r", "cat"): state.dump()}


async def test_a_session_that_goes_and_comes_again_is_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "messages.db"
    file = await MessageFile.open(path)
    old = SessionState("cat")
    old.subscribe("a", 1)
    old.enqueue(Message("a", b"1", 1))
    file.keep("r", old)
    await file.flush()
    file.forget("r", "cat")
    new = SessionState("cat")
    new.subscribe("b", 2)
    file.keep("r", new)
    await file.close()
    _, sessions = await reopened(path)
    assert sessions == {("r", "cat"): new.dump()}


async def test_a_session_that_nobody_takes_up_stays(tmp_path: Path) -> None:
    path = tmp_path / "messages.db"
    file = await MessageFile.open(path)
    state = SessionState("cat")
    state.enqueue(Message("a", b"1", 1))
    file.keep("r", state)
    await file.close()
    for _ in range(2):
        file = await MessageFile.open(path)
        file.handed("r", "cat", ["t", b"", 1, False], away=True)
        file.handed("r", "cat", ["t", b"", 1, False], away=False)
        await file.close()
    _, sessions = await reopened(path)
    assert sessions == {("r", "cat"): state.dump()}


async def test_a_commit_that_fails_refuses_and_forgets_nothing(tmp_path: Path) -> None:
    path, disk, publisher = tmp_path / "messages.db", Disk(), Publisher()
    file = await MessageFile.open(path, opener=disk)
    state = SessionState("cat")
    state.enqueue(Message("a", b"1", 1))
    gone = SessionState("dog")
    file.keep("r", state)
    file.keep("r", gone)
    file.retain("home", "old", Retained(b"1", 1))
    await file.flush()
    disk.failing = True
    file.retain("home", "a", Retained(b"1", 1))
    file.retain("home", "b", Retained(b"1", 1))
    file.retain("home", "old", None)
    state.enqueue(Message("a", b"2", 1))
    file.keep("r", state)
    file.forget("r", "dog")
    file.after_commit(publisher, 1)
    file.after_commit(publisher, 2)
    await file.flush()
    reason = "the message could not be stored (disk I/O error)"
    assert publisher.refusals == [(1, reason), (2, reason)]
    assert publisher.acknowledged == []
    disk.failing = False
    file.retain("home", "b", Retained(b"2", 1))
    file.after_commit(publisher, 3)
    await file.flush()
    assert publisher.acknowledged == [3]
    assert (file.commits, file.failures) == (2, 1)
    await file.close()
    retained, sessions = await reopened(path)
    assert retained == {"home": {"a": Retained(b"1", 1), "b": Retained(b"2", 1)}}
    assert sessions == {("r", "cat"): state.dump()}


async def test_on_a_failing_disk_nobody_waits_for_the_next_try(tmp_path: Path) -> None:
    disk, publisher = Disk(), Publisher()
    file = await MessageFile.open(tmp_path / "messages.db", opener=disk)
    disk.failing = True
    file.retain("home", "a", Retained(b"1", 1))
    file.after_commit(publisher, 1)
    await asyncio.sleep(0)
    file.after_commit(publisher, 2)  # while the first is being written
    await file.flush()
    assert [ticket for ticket, _ in publisher.refusals] == [1, 2]
    await file.close()


async def test_a_commit_that_failed_is_tried_again_without_being_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("rookery.storage.messages.RETRY", 0.0)
    path, disk = tmp_path / "messages.db", Disk()

    class Mender(Publisher):
        def refused(self, tickets: list[int], reason: str) -> None:
            super().refused(tickets, reason)
            disk.failing = False

    file, mender = await MessageFile.open(path, opener=disk), Mender()
    disk.failing = True
    file.retain("home", "a", Retained(b"1", 0))
    file.after_commit(mender, 1)
    while not file.commits:
        await asyncio.sleep(0)
        await file.flush()
    assert len(mender.refusals) == 1
    assert (file.commits, file.failures) == (1, 1)
    assert [record.getMessage() for record in caplog.records] == [
        "messages can not be stored: disk I/O error",
        "messages are stored again",
    ]
    await file.close()
    retained, _ = await reopened(path)
    assert retained == {"home": {"a": Retained(b"1", 0)}}


async def test_closing_on_a_failing_disk_ends_and_refuses(tmp_path: Path) -> None:
    disk, publisher = Disk(), Publisher()
    file = await MessageFile.open(tmp_path / "messages.db", opener=disk)
    disk.failing = True
    file.retain("home", "a", Retained(b"1", 1))
    file.after_commit(publisher, 1)
    await file.close()
    assert [ticket for ticket, _ in publisher.refusals] == [1]
    file.after_commit(publisher, 2)
    await asyncio.sleep(0)
    assert publisher.refusals[-1] == (2, "the store is closed")
    await file.close()


async def test_a_commit_that_fails_while_closing_is_tried_once_more(tmp_path: Path) -> None:
    path, disk = tmp_path / "messages.db", Disk()

    class Mender(Publisher):
        def refused(self, tickets: list[int], reason: str) -> None:
            super().refused(tickets, reason)
            disk.failing = False

    file = await MessageFile.open(path, opener=disk)
    disk.failing = True
    file.retain("home", "a", Retained(b"1", 1))
    file.after_commit(Mender(), 1)
    await asyncio.sleep(0)
    await file.close()
    retained, _ = await reopened(path)
    assert retained == {"home": {"a": Retained(b"1", 1)}}


async def test_closing_waits_for_what_is_on_its_way(tmp_path: Path) -> None:
    publisher = Publisher()
    file = await MessageFile.open(tmp_path / "messages.db")
    file.retain("home", "a", Retained(b"1", 1))
    file.after_commit(publisher, 1)
    await asyncio.sleep(0)
    file.retain("home", "b", Retained(b"1", 1))
    file.after_commit(publisher, 2)
    await file.close()
    assert publisher.acknowledged == [1, 2]


async def test_a_publisher_that_fails_does_not_keep_the_others_waiting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Publisher):
        def committed(self, tickets: list[int]) -> None:
            raise RuntimeError("on purpose")

    file = await MessageFile.open(tmp_path / "messages.db")
    good = Publisher()
    file.retain("home", "a", Retained(b"1", 1))
    file.after_commit(Broken(), 1)
    file.after_commit(good, 2)
    await file.flush()
    assert good.acknowledged == [2]
    assert "on purpose" in caplog.text
    await file.close()


async def test_only_the_owner_may_read_it_and_every_commit_is_flushed(tmp_path: Path) -> None:
    file = await MessageFile.open(tmp_path / "messages.db")
    file.retain("home", "a", Retained(b"1", 1))
    await file.flush()
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in os.listdir(tmp_path)} == {0o600}
    assert file._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert file._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    await file.close()


async def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "messages.db"
    await (await MessageFile.open(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(FolderTooNew, match=r"newer version of Rookery \(revision 99"):
        await MessageFile.open(path)


async def test_files_that_are_something_else_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "messages.db"
    path.write_bytes(b"This is a text file. " * 200)
    with pytest.raises(FolderDamaged, match="not a file of messages"):
        await MessageFile.open(path)
    assert path.read_bytes() == b"This is a text file. " * 200
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE photographs (id)")
    connection.close()
    with pytest.raises(FolderDamaged, match="not Rookery's messages"):
        await MessageFile.open(other)
    with pytest.raises(FolderError, match="can not be used"):
        await MessageFile.open(tmp_path / "missing" / "messages.db")


CHILD = """
import asyncio, sys
from pathlib import Path
from rookery.core.messages import Retained
from rookery.storage.messages import MessageFile
from rookery.wire.mqtt.packets import Message
from rookery.wire.mqtt.session import SessionState

class Printer:
    def committed(self, tickets):
        print(*tickets, sep="\\n", flush=True)
        for _ in tickets:
            asyncio.get_running_loop().call_soon(publish)

async def main():
    global publish
    file = await MessageFile.open(Path(sys.argv[1]))
    state, printer, count = SessionState("cat"), Printer(), 0
    file.keep("r", state)
    def publish():
        nonlocal count
        count += 1
        file.retain("home", f"t{count % 7}", Retained(b"%d" % count, 1))
        state.enqueue(Message("q", b"%d" % count, 1))
        file.handed("r", "cat", ["q", b"%d" % count, 1, False], away=False)
        file.after_commit(printer, count)
    for _ in range(5):
        publish()
    await asyncio.get_running_loop().create_future()

asyncio.run(main())
"""


def until_killed(path: Path) -> int:
    """Let a process store until it has acknowledged some, kill it; the last ticket that it had acknowledged."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    lines = [child.stdout.readline() for _ in range(200)]
    child.kill()
    lines += [line for line in child.stdout if line.endswith("\n")]
    child.stdout.close()
    child.wait()
    return max(map(int, lines))


async def test_a_killed_process_loses_nothing_that_it_had_acknowledged(tmp_path: Path) -> None:
    last = await asyncio.to_thread(until_killed, tmp_path / "messages.db")
    retained, sessions = await reopened(tmp_path / "messages.db")
    queue = sessions["r", "cat"]["queue"]
    assert [payload for _, payload, *_ in queue] == [b"%d" % n for n in range(1, len(queue) + 1)]
    assert len(queue) >= last
    for number in range(last - 6, last + 1):
        assert int(retained["home"][f"t{number % 7}"].payload) >= number


WORK = ["enqueue", "enqueue", "same", "drop", "send", "oldest", "newest", "release", "subscribe", "receive"]


class SessionMachine(RuleBasedStateMachine):
    """Sessions go through anything, commits fail or not, and a new process finds them as they were."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "messages.db"
        self.runner = asyncio.Runner()
        self.disk = Disk()
        self.states: dict[tuple[str, str], SessionState] = {}
        self.kept: set[tuple[str, str]] = set()
        self.count = 0
        self.file = self.open()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(coroutine)

    def open(self) -> MessageFile:
        file: MessageFile = self.run(MessageFile.open(self.path, synchronous="OFF", opener=self.disk))
        return file

    names = st.sampled_from([("r", "a"), ("r", "b"), ("s", "a")])

    @rule(
        name=names,
        work=st.lists(
            st.sampled_from(
                ["enqueue", "enqueue", "same", "drop", "send", "oldest", "newest", "release", "subscribe", "receive"]
            ),
            max_size=8,
        ),
        number=st.integers(0, 3),
    )
    def change(self, name: tuple[str, str], work: list[str], number: int) -> None:
        state = self.states.setdefault(name, SessionState(name[1]))
        handed: list[Message] = []
        for what in work:
            flying = [id for id, _ in state.unfinished()]
            match what:
                case "enqueue" | "same" | "drop":
                    same = Message("t", b"same", 1)
                    other = Message(f"t{number}", b"%d" % self.count, 1 + number % 2, number == 3)
                    self.count += 1
                    message = same if what == "same" else other
                    handed.append(message)
                    if what != "drop":
                        state.enqueue(message)
                case "send" if state.queued:
                    state.start_next()
                case "oldest" if flying:
                    state.finish(flying[0])
                case "newest" if flying:
                    state.finish(flying[-1])
                case "release" if flying:
                    state.released(flying[-1])
                case "subscribe":
                    state.subscribe(f"f{number}", number % 3)
                case "receive":
                    state.owns(number + 1)

        async def tell() -> None:
            if keep or name not in self.kept:
                self.kept.add(name)
                self.file.keep(name[0], state)
            if told:
                for message in handed:
                    self.file.handed(*name, list(message), away=False)

        # Of the third session the store is told only that it has changed: of whichever kind its owner is.
        told = name != ("s", "a")
        keep = not told or not handed or "subscribe" in work or "receive" in work or len(work) % 2 == 0
        self.run(tell())

    @rule(name=names)
    def forget(self, name: tuple[str, str]) -> None:
        async def forget() -> None:
            self.file.forget(*name)

        self.states.pop(name, None)
        self.kept.discard(name)
        self.run(forget())

    @rule()
    def flush(self) -> None:
        self.run(self.file.flush())

    @precondition(lambda self: not self.disk.failing)
    @rule()
    def fail(self) -> None:
        self.disk.failing = True

    @precondition(lambda self: self.disk.failing)
    @rule()
    def mend(self) -> None:
        self.disk.failing = False

    @rule()
    def restart(self) -> None:
        self.disk.failing = False

        async def restart() -> None:
            # Whoever restarts adopts, and adopting keeps.
            for (realm, _), state in self.states.items():
                self.file.keep(realm, state)
            await self.file.close()

        self.run(restart())
        self.file = self.open()
        found = {(realm, data["client_id"]): data for realm, data in self.file.sessions()}
        assert found == {name: state.dump() for name, state in self.states.items()}
        self.states = {name: SessionState.load(data) for name, data in found.items()}
        self.kept.clear()

    def teardown(self) -> None:
        self.restart()
        self.run(self.file.close())
        self.runner.close()
        self.folder.cleanup()


SessionMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestSessionsAgainstStates = SessionMachine.TestCase
