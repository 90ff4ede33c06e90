"""The dispatcher of the benchmarks: what it finds, what it prints, and what it says of a benchmark that breaks off."""

from __future__ import annotations

import json
from typing import Any

import pytest
from benchmarks import __main__ as dispatcher

RESULT = {"value": 5, "unit": "ms", "goal": 10, "holds": True, "peers": {"other": 7}, "details": {}}


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    def broken() -> dict[str, Any]:
        raise RuntimeError("no disk")

    benches = {"one.a": lambda: RESULT, "one.b": lambda: RESULT | {"value": 6}, "two.c": broken}
    monkeypatch.setattr(dispatcher, "discover", lambda: benches)
    return benches


def test_without_names_it_lists(found: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatcher.main([]) == 0
    assert capsys.readouterr().out.split() == list(found)


def test_a_noun_runs_all_of_its_kind_and_prints_one_object_a_line(
    found: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert dispatcher.main(["one"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [list(line) for line in lines] == [["name", "value", "unit", "goal", "holds", "peers", "details"]] * 2
    assert [(line["name"], line["value"]) for line in lines] == [("one.a", 5), ("one.b", 6)]


def test_one_that_breaks_off_is_told_and_the_others_still_run(
    found: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert dispatcher.main(["two.c", "one.a"]) == 1
    printed = capsys.readouterr()
    assert "two.c broke off" in printed.err
    assert "no disk" in printed.err
    assert json.loads(printed.out)["name"] == "one.a"


def test_an_unknown_name_is_told(found: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatcher.main(["three"]) == 2
    assert "No benchmark is called three" in capsys.readouterr().err


def test_a_result_with_other_fields_is_refused() -> None:
    with pytest.raises(ValueError, match="returned"):
        dispatcher.line("x", {"value": 1})


def test_what_is_there_can_be_found() -> None:
    assert all("." in name for name in dispatcher.discover())
