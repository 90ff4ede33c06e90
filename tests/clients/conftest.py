"""One server for all tests with real clients, and what these tests begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rookery.testing.sandbox import ApiKey, Sandbox, running_sandbox
from tests.clients.account import Account
from tests.clients.command_line import order
from tests.clients.curl import Curl, require_curl
from tests.clients.node_support import NodeEnvironment, require_node
from tests.clients.particle_cloud import Cloud
from tests.clients.particle_js import Js
from tests.clients.particle_scene import Scene
from tests.clients.program import Program


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The server."""
    with running_sandbox() as sandbox:
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


@pytest.fixture(scope="session")
def cloud(sandbox: Sandbox) -> Iterator[Cloud]:
    """The server as people with Particle boards see it."""
    cloud = Cloud(sandbox)
    yield cloud
    cloud.close()


@pytest.fixture(scope="module")
def scene(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """`curl`, and what its command lines are tried on."""
    return Scene(cloud, Curl(require_curl(), cloud.base, tmp_path_factory.mktemp("curl")))


@pytest.fixture(scope="module")
def js_program(node: NodeEnvironment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Node.js with the vendor's client of the Particle API."""
    log = tmp_path_factory.mktemp("js") / "particle-api.mjs.log"
    with Program([node.node, "particle-api.mjs"], cwd=node.folder, environ=node.environ(), log=log) as program:
        yield program


@pytest.fixture
def js(js_program: Program, cloud: Cloud) -> Js:
    """The client with the token of the sandbox's owner."""
    js = Js(js_program)
    js.use(baseUrl=cloud.base, auth=cloud.token)
    return js
