"""The property types: how many, in which order, and what each holds."""

from __future__ import annotations

import pytest

from rookery.arduino.types import CATALOGUE, PROPERTY_TYPES, declared_type, property_type
from rookery.core.errors import Invalid
from rookery.core.records import ValueKind

TODAY = CATALOGUE[:48]
UNIT_NAMED = CATALOGUE[48:]


def names(kind: ValueKind) -> set[str]:
    return {item.name for item in PROPERTY_TYPES.values() if item.kind is kind}


def with_families(*members: str) -> set[str]:
    """Today's names and those of the two assistant families, as far as they exist."""
    every = {prefix + name for name in members for prefix in ("", "GOOGLE_", "SMART_")}
    return every - {"GOOGLE_HOME_TELEVISION"}


def test_there_are_132_types_of_which_the_catalogue_shows_104() -> None:
    assert len(PROPERTY_TYPES) == 132
    assert len(CATALOGUE) == 104
    assert all(PROPERTY_TYPES[name].name == name for name in PROPERTY_TYPES)


def test_the_catalogue_has_the_order_of_the_board_library_and_then_of_the_alphabet() -> None:
    assert [item.name for item in TODAY[:4]] == ["ENERGY", "FORCE", "TEMPERATURE", "POWER"]
    assert [item.name for item in TODAY[-5:]] == ["SCHEDULE", "CHARSTRING", "FLOAT", "INT", "STATUS"]
    assert [item.name for item in UNIT_NAMED] == sorted(item.name for item in UNIT_NAMED)
    assert (UNIT_NAMED[0].name, UNIT_NAMED[-1].name) == ("AMPERE", "WEBER")


def test_the_kinds() -> None:
    assert names(ValueKind.BOOL) == {"STATUS"} | with_families(
        "HOME_LIGHT", "HOME_CONTACT_SENSOR", "HOME_SMART_PLUG", "HOME_SWITCH", "HOME_MOTION_SENSOR"
    )
    assert names(ValueKind.INT) == {"INT", "COUNT", "TIME", "INFORMATION_CONTENT", "ANALOG"}
    assert names(ValueKind.STRING) == {"CHARSTRING"}
    assert names(ValueKind.COMPOSITE) == {
        "LOCATION",
        "COLOR_HSB",
        "COLOR_RGB",
        "SCHEDULE",
        "GENERIC_COMPLEX_PROPERTY",
    } | with_families("HOME_DIMMED_LIGHT", "HOME_COLORED_LIGHT", "HOME_TELEVISION")


@pytest.mark.parametrize(
    ("name", "components"),
    [
        ("LOCATION", "lat lon"),
        ("COLOR_HSB", "hue sat bri"),
        ("HOME_DIMMED_LIGHT", "swi bri"),
        ("SMART_HOME_COLORED_LIGHT", "swi hue sat bri"),
        ("HOME_TELEVISION", "swi vol mut pbc inp cha"),
        ("SMART_HOME_TELEVISION", "swi vol mut pbc inp cha"),
        ("SCHEDULE", "frm to len msk"),
        ("COLOR_RGB", "red green blue"),
        ("GENERIC_COMPLEX_PROPERTY", ""),
        ("FLOAT", ""),
    ],
)
def test_components_stand_in_the_order_of_the_wire(name: str, components: str) -> None:
    assert [component.name for component in property_type(name).components] == components.split()


def test_unsigned_integers() -> None:
    assert [item.name for item in PROPERTY_TYPES.values() if item.unsigned] == ["TIME"]
    assert all(component.unsigned for component in property_type("SCHEDULE").components)


def test_every_deprecated_type_names_a_successor_of_today() -> None:
    today = {item.name for item in TODAY}
    assert all(item.deprecated and item.superseded_by in today for item in UNIT_NAMED)
    assert not any(item.deprecated or item.superseded_by for item in TODAY)
    unlisted = [item for item in PROPERTY_TYPES.values() if not item.listed]
    assert len(unlisted) == 28
    assert {item.name for item in unlisted if not item.deprecated} == {
        "ANALOG",
        "RATIO_MOD",
        "COLOR_RGB",
        "HOME_TEMPERATURE",
    }
    assert property_type("GOOGLE_HOME_LIGHT").superseded_by == "HOME_LIGHT"
    assert property_type("SMART_HOME_TEMPERATURE").superseded_by == "HOME_TEMPERATURE"


def test_sensors_are_read_only_and_home_types_have_assistants() -> None:
    assert [item.name for item in CATALOGUE if not item.read_write] == [
        "HOME_CONTACT_SENSOR",
        "HOME_MOTION_SENSOR",
        "HOME_TEMPERATURE_C",
        "HOME_TEMPERATURE_F",
    ]
    assert all((item.assistants == ("ALEXA", "GOOGLE")) == item.name.startswith("HOME_") for item in CATALOGUE)


def test_what_people_and_compilers_read() -> None:
    temperature = property_type("TEMPERATURE")
    assert (temperature.declaration, temperature.title) == ("CloudTemperature", "Temperature")
    assert temperature.units == ("°C", "°F", "K")
    assert property_type("BIT").declaration == "float"
    assert property_type("AMPERE").declaration == "CloudElectricCurrent"
    assert all(item.title and item.declaration for item in PROPERTY_TYPES.values())


@pytest.mark.parametrize("name", ["", "temperature", "GOOGLE_HOME_TELEVISION", "LENGTH_C", "x" * 100_000])
def test_an_unknown_name_is_invalid(name: str) -> None:
    with pytest.raises(Invalid, match="is not a property type") as caught:
        property_type(name)
    assert caught.value.field == "type"
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize("kind", ValueKind)
def test_a_foreign_type_is_taken_by_its_kind(kind: ValueKind) -> None:
    assert declared_type("something else", kind).kind is kind
    assert declared_type("LOCATION", ValueKind.COMPOSITE).name == "LOCATION"
