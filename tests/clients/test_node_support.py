"""A missing Node.js is loud: skipped with its reason, failed under CI."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.clients import node_support

PRETENDED = "Node.js 16 is older than 18"


@pytest.fixture
def old_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v16.20.2\n")
    node.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _name: str(node))


@pytest.mark.usefixtures("old_node")
def test_at_home_it_skips_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=PRETENDED):
        node_support.require_node()


@pytest.mark.usefixtures("old_node")
def test_under_ci_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=PRETENDED):
        node_support.require_node()


def test_a_script_is_told_whom_to_believe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NODE_EXTRA_CA_CERTS", raising=False)
    environment = node_support.NodeEnvironment("node", node_support.FOLDER)
    environ = environment.environ(Path("/keys/ca.pem"), {"ROLE": "board"})
    assert environ["NODE_EXTRA_CA_CERTS"] == "/keys/ca.pem"
    assert environ["ROLE"] == "board"
    assert "NODE_EXTRA_CA_CERTS" not in environment.environ()
