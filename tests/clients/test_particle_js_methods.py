"""Every method of `particle-api-js` is tried by these tests, or is known to ask for what this server does not have."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from tests.clients import test_particle_js, test_particle_js_products
from tests.clients.particle_js import Js

pytestmark = [pytest.mark.clients, pytest.mark.node]

CALL = re.compile(r'js(?:\.refused)?\(\s*"(\w+)"')
NOT_HERE: dict[str, dict[str, Any]] = {
    "contributeLibrary": {"archive": {"$bytes": ""}},
    "deleteLibrary": {"name": "x"},
    "downloadFirmwareBinary": {"binaryId": "x"},
    "downloadManufacturingBackup": {"deviceId": "x"},
    "downloadProductFirmware": {"product": 1, "version": 1},
    "executeLogic": {"logic": {}},
    "createLogicFunction": {"logicFunction": {}},
    "getLogicFunction": {"logicFunctionId": "x"},
    "updateLogicFunction": {"logicFunctionId": "x", "logicFunction": {}},
    "deleteLogicFunction": {"logicFunctionId": "x"},
    "listLogicFunctions": {},
    "listLogicRuns": {"logicFunctionId": "x"},
    "getLogicRun": {"logicFunctionId": "x", "logicRunId": "x"},
    "getLogicRunLogs": {"logicFunctionId": "x", "logicRunId": "x"},
    "createLedger": {"ledger": {}},
    "getLedger": {"ledgerName": "x"},
    "updateLedger": {"ledgerName": "x", "ledger": {}},
    "archiveLedger": {"ledgerName": "x"},
    "listLedgers": {},
    "getLedgerInstance": {"ledgerName": "x", "scopeValue": "x"},
    "setLedgerInstance": {"ledgerName": "x", "scopeValue": "x", "instance": {}},
    "deleteLedgerInstance": {"ledgerName": "x", "scopeValue": "x"},
    "listLedgerInstances": {"ledgerName": "x"},
    "listLedgerInstanceVersions": {"ledgerName": "x", "scopeValue": "x"},
    "getLedgerInstanceVersion": {"ledgerName": "x", "scopeValue": "x", "version": "x"},
    "listDeviceOsVersions": {},
    "getDeviceOsVersion": {"version": "latest"},
    "listEnvVars": {"sandbox": True},
    "updateEnvVars": {"sandbox": True, "ops": []},
    "setEnvVar": {"sandbox": True, "key": "A", "value": "b"},
    "deleteEnvVar": {"sandbox": True, "key": "A"},
    "renderEnvVars": {"sandbox": True},
    "reviewEnvVarsRollout": {"sandbox": True},
    "startEnvVarsRollout": {"sandbox": True, "when": "Immediate"},
    "getFleetDataUsage": {"product": 1},
    "getLibrary": {"name": "x"},
    "getLibraryVersions": {"name": "x"},
    "getProductConfiguration": {"product": 1},
    "getProductConfigurationSchema": {"product": 1},
    "getProductDeviceConfiguration": {"product": 1, "deviceId": "x"},
    "getProductDeviceConfigurationSchema": {"product": 1, "deviceId": "x"},
    "setProductConfiguration": {"product": 1, "config": {}},
    "setProductDeviceConfiguration": {"product": 1, "deviceId": "x", "config": {}},
    "getProductLocations": {"product": 1},
    "getProductDeviceLocations": {"product": 1, "deviceId": "x"},
    "getProductFirmware": {"product": 1, "version": 1},
    "listProductFirmware": {"product": 1},
    "releaseProductFirmware": {"product": 1, "version": 1},
    "updateProductFirmware": {"product": 1, "version": 1},
    "uploadProductFirmware": {"product": 1, "version": 1, "file": {"$bytes": ""}},
    "getSIMDataUsage": {"iccid": "8931"},
    "listBuildTargets": {},
    "listLibraries": {},
    "listSIMs": {},
    "publishLibrary": {"name": "x"},
    "removeSIM": {"iccid": "8931"},
}
"""Methods whose operations this server does not have, with arguments that reach it."""
WITHOUT_SERVER = {"client", "constructor", "deviceUri", "downloadFile", "setBaseUrl", "setContext", "setDefaultAuth"}
"""What makes no request of its own, or to any address."""
VERBS = {"get", "head", "post", "put", "patch", "delete", "request"}
"""Of which the others are made."""
BY_THE_STREAMS = {"getEventStream"}


@pytest.mark.parametrize("method", NOT_HERE)
def test_what_is_not_here_is_refused_in_words(js: Js, method: str) -> None:
    status, body = js.refused(method, **NOT_HERE[method])
    assert status in (403, 404, 405)
    assert body["error"]


def test_compiling_is_refused_as_a_compiler_would(js: Js) -> None:
    status, body = js.refused("compileCode", files={}, platformId=6)
    assert (status, body["output"]) == (400, "This cloud has no compiler")


def test_a_refusal_without_words(js: Js) -> None:
    """It asks with HEAD: the status is all there is."""
    assert js.refused("checkSIM", iccid="8931").status == 404


def test_no_method_is_forgotten(js: Js) -> None:
    methods = {name for name in js.program.order("methods") if not name.startswith("_")}
    modules = (test_particle_js, test_particle_js_products)
    tried = {name for module in modules for name in CALL.findall(inspect.getsource(module))}
    assert tried <= methods
    assert methods - tried == NOT_HERE.keys() | {"checkSIM", "compileCode"} | WITHOUT_SERVER | VERBS | BY_THE_STREAMS
