from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.particle.device.errors import MessageError
from rookery.particle.device.vitals import (
    HEADER,
    METRICS,
    decode_vitals,
    encode_vitals,
    records,
    vitals_csv,
    with_service,
)

CELLULAR: dict[str, Any] = {
    "device": {
        "network": {
            "cellular": {
                "radio_access_technology": "LTE",
                "cell_global_identity": {
                    "mobile_country_code": 310,
                    "mobile_network_code": "410",
                    "location_area_code": 11_549,
                    "cell_id": 199_999,
                },
            },
            "signal": {
                "at": "LTE Cat-M1",
                "strength": 61.5,
                "strength_units": "%",
                "strengthv": -91.25,
                "strengthv_units": "dBm",
                "strengthv_type": "RSRP",
                "quality": 50.0,
                "quality_units": "%",
                "qualityv": -11.5,
                "qualityv_units": "dB",
                "qualityv_type": "RSRQ",
            },
            "connection": {
                "status": "connected",
                "error": -210,
                "disconnects": 2,
                "attempts": 1,
                "disconnect_reason": "none",
            },
        },
        "cloud": {
            "connection": {
                "status": "connected",
                "error": 25,
                "attempts": 1,
                "disconnects": 3,
                "disconnect_reason": "network_disconnect",
            },
            "coap": {"transmit": 9, "retransmit": 1, "unack": 0, "round_trip": 431},
            "publish": {"rate_limited": 0},
        },
        "power": {"battery": {"charge": 83.75, "state": "charging"}, "source": "USB host"},
        "system": {"uptime": 4_000_000_000, "memory": {"used": 87_904, "total": 162_592}},
    }
}
WIFI: dict[str, Any] = {
    "device": {
        "network": {
            "signal": {"at": "Wi-Fi", "strengthv": -46.0, "strengthv_units": "dBm", "strengthv_type": "RSSI"},
        },
        "power": {"battery": {"charge": {"err": -210}}},
    }
}


def test_every_measurement_has_its_place_in_the_tree() -> None:
    payload = encode_vitals(CELLULAR)
    assert payload[:7].hex() == "00040002000400"
    assert len(payload) == 7 + 6 * len(METRICS)
    assert decode_vitals(payload) == CELLULAR


def test_a_board_without_a_battery_says_so() -> None:
    payload = encode_vitals(WIFI)
    assert bytes.fromhex("03802effffff") in payload
    assert decode_vitals(payload) == WIFI


@pytest.mark.parametrize(
    ("record", "tree"),
    [
        ("060010000000", {"system": {"uptime": 16}}),
        ("0300c0530000", {"power": {"battery": {"charge": 83.75}}}),
        ("2100803d0000", {"network": {"signal": {"strength": 61.5, "strength_units": "%"}}}),
        ("08002a000000", {"network": {"connection": {"status": 42}}}),
        ("2900f6ffffff", {"network": {"cellular": {"cell_global_identity": {"mobile_network_code": "10"}}}}),
        ("29000a000000", {"network": {"cellular": {"cell_global_identity": {"mobile_network_code": "010"}}}}),
        ("3c0001000000", {}),
        ("ff7f01000000", {}),
    ],
)
def test_single_records(record: str, tree: dict[str, Any]) -> None:
    assert decode_vitals(HEADER + bytes.fromhex(record)) == {"device": tree}


def test_records_that_the_api_has_no_place_for_can_be_had_all_the_same() -> None:
    assert records(HEADER + bytes.fromhex("010082000000" + "13802effffff")) == [
        (1, 130, False),
        (19, 0xFFFFFF2E, True),
    ]


def test_the_cloud_adds_what_it_knows() -> None:
    assert with_service(WIFI, session_seconds=60, events=4, round_trip_ms=31) == {
        **WIFI,
        "service": {
            "device": {"status": "ok"},
            "cloud": {"uptime": 60, "publish": {"sent": 4}},
            "coap": {"round_trip": 31},
        },
    }
    assert "coap" not in with_service(WIFI, session_seconds=60, events=4)["service"]


def test_csv_has_a_column_for_each_leaf_of_any_record() -> None:
    text = vitals_csv(
        [
            ("2026-01-02T03:04:05.678Z", "0" * 24, WIFI),
            ("2026-01-02T03:05:05.678Z", "1" * 24, {"device": {"system": {"uptime": 7}}}),
        ]
    )
    assert text.splitlines() == [
        "updated_at,deviceID,device.network.signal.at,device.network.signal.strengthv,"
        "device.network.signal.strengthv_type,device.network.signal.strengthv_units,device.power.battery.charge.err,"
        "device.system.uptime",
        f"2026-01-02T03:04:05.678Z,{'0' * 24},Wi-Fi,-46.0,RSSI,dBm,-210,",
        f"2026-01-02T03:05:05.678Z,{'1' * 24},,,,,,7",
    ]
    assert vitals_csv([]).splitlines() == ["updated_at,deviceID"]


@pytest.mark.parametrize(
    "payload",
    [b"", HEADER[:-1], b"\1" + HEADER[1:], HEADER + b"\0", HEADER + bytes(6 * 513)],
)
def test_other_lists_are_refused(payload: bytes) -> None:
    with pytest.raises(MessageError):
        decode_vitals(payload)


@pytest.mark.parametrize("uptime", ["long", [1]])
def test_a_leaf_that_is_no_measurement_cannot_be_sent(uptime: Any) -> None:
    with pytest.raises(ValueError, match="leaf"):
        encode_vitals({"device": {"system": {"uptime": uptime}}})


@given(st.dictionaries(st.sampled_from([metric.id for metric in METRICS]), st.integers(0, 2**32 - 1)), st.booleans())
def test_any_measurement_is_the_same_after_the_first_reading(raw: dict[int, int], failed: bool) -> None:
    payload = HEADER + b"".join(
        (number | failed << 15).to_bytes(2, "little") + value.to_bytes(4, "little") for number, value in raw.items()
    )
    tree = decode_vitals(payload)
    assert decode_vitals(encode_vitals(tree)) == tree
