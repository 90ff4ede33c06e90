"""Device types and what follows from them."""

from __future__ import annotations

import pytest

from rookery.arduino.families import CREATABLE, FAMILIES, OTHER, family_of

E_DEVTYPE = (
    "mkrwifi1010 mkr1000 nano_33_iot mkrgsm1400 mkrnb1500 login_and_secretkey_wifi envie_m7 nanorp2040connect "
    "nicla_vision phone portenta_x8 opta giga generic_device_secretkey portenta_c33 unor4wifi nano_nora unoq"
)


def test_exactly_the_published_types_can_be_created() -> None:
    assert sorted(CREATABLE) == sorted(E_DEVTYPE.split())


@pytest.mark.parametrize("type", ["generic_device_secretkey", "phone", "portenta_x8", "lora-device"])
def test_types_without_sketches(type: str) -> None:
    assert not family_of(type).sketch
    assert not family_of(type).updatable


def test_every_family_has_a_label_for_people() -> None:
    for name, family in FAMILIES.items():
        assert family.label[0].isupper(), name
        assert "_" not in family.label


def test_an_unknown_type_is_a_generic_device() -> None:
    assert family_of("toaster") is OTHER
