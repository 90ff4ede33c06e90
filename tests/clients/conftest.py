"""One server for all tests with real clients, and what these tests begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients.account import Account
from tests.clients.node_support import NodeEnvironment, require_node
from tests.clients.sandbox import ApiKey, Sandbox, order, running_sandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The server."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox") / "errors.log") as sandbox:
        yield sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> Iterator[Account]:
    """The account of its owner."""
    account = Account(sandbox)
    yield account
    account.close()


@pytest.fixture(scope="session")
def strange_key(sandbox: Sandbox) -> ApiKey:
    """The API key of another person."""
    email = "stranger@rookery.local"
    order(sandbox, "user", "add", email)
    key = order(sandbox, "key", "create", "stranger", "--user", email)
    return ApiKey(key["id"], key["secret"])


@pytest.fixture
def stranger(sandbox: Sandbox, strange_key: ApiKey) -> Iterator[Account]:
    """The account of another person."""
    account = Account(sandbox, strange_key)
    yield account
    account.close()


@pytest.fixture(scope="session")
def node() -> NodeEnvironment:
    """Node.js with the vendor's clients. A test that asks for it is skipped without, and fails under CI."""
    return require_node()
