"""Board families: what this dialect calls a device's type, and what follows from it (reference arduino-rest 4.20)."""

from __future__ import annotations

from typing import Final, NamedTuple

DIALECT: Final = "arduino"
"""What the records of these boards say that they speak."""


class Family(NamedTuple):
    """One device type."""

    label: str
    """What people read."""
    sketch: bool = True
    """Whether its program is a sketch that a cloud could build."""
    updatable: bool = True
    """Whether its program can be replaced over the air."""
    creatable: bool = True
    """Whether the create call takes it (3.0, E-DEVTYPE); LoRa boards come in by calls of their own."""


OTHER: Final = Family("Generic device", updatable=False)
"""For a type that we do not know."""

FAMILIES: Final[dict[str, Family]] = {
    "mkr1000": Family("Arduino MKR WiFi 1000"),
    "mkrwifi1010": Family("Arduino MKR WiFi 1010"),
    "nano_33_iot": Family("Arduino Nano 33 IoT"),
    "mkrgsm1400": Family("Arduino MKR GSM 1400"),
    "mkrnb1500": Family("Arduino MKR NB 1500"),
    "mkrwan1300": Family("Arduino MKR WAN 1300", updatable=False, creatable=False),
    "mkrwan1310": Family("Arduino MKR WAN 1310", updatable=False, creatable=False),
    "envie_m7": Family("Arduino Portenta H7"),
    "nanorp2040connect": Family("Arduino Nano RP2040 Connect"),
    "nicla_vision": Family("Arduino Nicla Vision"),
    "opta": Family("Arduino Opta"),
    "giga": Family("Arduino GIGA R1 WiFi"),
    "portenta_c33": Family("Arduino Portenta C33"),
    "unor4wifi": Family("Arduino UNO R4 WiFi"),
    "nano_nora": Family("Arduino Nano ESP32"),
    "login_and_secretkey_wifi": Family("Generic device"),
    "generic_device_secretkey": Family("Generic device", sketch=False, updatable=False),
    "phone": Family("Phone", sketch=False, updatable=False),
    "portenta_x8": Family("Arduino Portenta X8", sketch=False, updatable=False),
    "unoq": Family("Arduino UNO Q", updatable=False),
    "lora-device": Family("LoRa device", sketch=False, updatable=False, creatable=False),
}

CREATABLE: Final = tuple(name for name, family in FAMILIES.items() if family.creatable)


def family_of(type: str) -> Family:
    """The family of a device type."""
    return FAMILIES.get(type, OTHER)
