"""The 132 property types: what each holds, how sketches declare it, how the catalogue describes it.

Source: arduino-rest.md section 6. Names and kinds are published; display names, units, `rw`, assistants and successors
are our own texts, because the real ones are not (section 6.5, section 12).

48 types are offered today, in the order of the board library. 56 named after units are their predecessors: still in
the catalogue, deprecated, all plain numbers. 28 more are accepted for properties and shown nowhere.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from rookery.core.errors import Invalid
from rookery.core.records import ValueKind

BOOL = ValueKind.BOOL
INT = ValueKind.INT
FLOAT = ValueKind.FLOAT
STRING = ValueKind.STRING
OBJECT = ValueKind.COMPOSITE


class Component(NamedTuple):
    """One named part of a composite value. On MQTT it is a record of its own, `<variable>:<name>`."""

    name: str
    kind: ValueKind
    unsigned: bool = False
    """An unsigned 32-bit integer on the board."""


class PropertyType(msgspec.Struct, frozen=True, kw_only=True):
    """One property type."""

    name: str
    kind: ValueKind
    declaration: str
    """The type of the variable in a sketch."""
    title: str
    """What people read."""
    unsigned: bool = False
    """An unsigned 32-bit integer on the board."""
    components: tuple[Component, ...] = ()
    """In the order of the wire."""
    open: bool = False
    """A composite whose components are not published: any flat object goes."""
    units: tuple[str, ...] = ()
    read_write: bool = True
    """False: only READ_ONLY makes sense."""
    assistants: tuple[str, ...] = ()
    superseded_by: str | None = None
    deprecated: bool = False
    listed: bool = True
    """Whether the catalogue shows it."""


def property_type(name: str) -> PropertyType:
    """The type of this name.

    Raises:
        Invalid: there is no such type.
    """
    try:
        return PROPERTY_TYPES[name]
    except KeyError:
        raise Invalid(f"{name[:64]!r} is not a property type", "type") from None


def declared_type(name: str, kind: ValueKind) -> PropertyType:
    """The type of this name, or the plainest one of that kind where another dialect has declared it."""
    return PROPERTY_TYPES.get(name) or PROPERTY_TYPES[_PLAINEST[kind]]


_PLAINEST: Final = {
    BOOL: "STATUS",
    INT: "INT",
    FLOAT: "FLOAT",
    STRING: "CHARSTRING",
    OBJECT: "GENERIC_COMPLEX_PROPERTY",
}

_SWITCH: Final = Component("swi", BOOL)
_HUE: Final = Component("hue", FLOAT)
_SATURATION: Final = Component("sat", FLOAT)
_BRIGHTNESS: Final = Component("bri", FLOAT)

# Section 6.4. COLOR_RGB: the names are our proposal, so other components pass as well.
_COMPONENTS: Final[dict[str, tuple[Component, ...]]] = {
    "LOCATION": (Component("lat", FLOAT), Component("lon", FLOAT)),
    "COLOR_HSB": (_HUE, _SATURATION, _BRIGHTNESS),
    "COLOR_RGB": (Component("red", INT), Component("green", INT), Component("blue", INT)),
    "HOME_DIMMED_LIGHT": (_SWITCH, _BRIGHTNESS),
    "HOME_COLORED_LIGHT": (_SWITCH, _HUE, _SATURATION, _BRIGHTNESS),
    "HOME_TELEVISION": (
        _SWITCH,
        Component("vol", INT),
        Component("mut", BOOL),
        Component("pbc", INT),
        Component("inp", INT),
        Component("cha", INT),
    ),
    "SCHEDULE": (
        Component("frm", INT, unsigned=True),
        Component("to", INT, unsigned=True),
        Component("len", INT, unsigned=True),
        Component("msk", INT, unsigned=True),
    ),
}
_OPEN: Final = frozenset({"GENERIC_COMPLEX_PROPERTY", "COLOR_RGB"})

# A sensor can not be set (section 6.5).
_SENSORS: Final = frozenset(
    {"HOME_CONTACT_SENSOR", "HOME_MOTION_SENSOR", "HOME_TEMPERATURE", "HOME_TEMPERATURE_C", "HOME_TEMPERATURE_F"}
)
_ASSISTANTS: Final = ("ALEXA", "GOOGLE")

_CURRENT: Final[tuple[tuple[str, ValueKind, str, str, tuple[str, ...]], ...]] = (
    ("ENERGY", FLOAT, "CloudEnergy", "Energy", ("J", "Wh", "kWh")),
    ("FORCE", FLOAT, "CloudForce", "Force", ("N",)),
    ("TEMPERATURE", FLOAT, "CloudTemperature", "Temperature", ("°C", "°F", "K")),
    ("POWER", FLOAT, "CloudPower", "Power", ("W",)),
    ("ELECTRIC_CURRENT", FLOAT, "CloudElectricCurrent", "Electric current", ("A",)),
    ("ELECTRIC_POTENTIAL", FLOAT, "CloudElectricPotential", "Electric potential", ("V",)),
    ("ELECTRICAL_RESISTANCE", FLOAT, "CloudElectricResistance", "Electric resistance", ("Ω",)),
    ("CAPACITANCE", FLOAT, "CloudCapacitance", "Capacitance", ("F",)),
    ("TIME", INT, "CloudTime", "Time", ("s",)),
    ("FREQUENCY", FLOAT, "CloudFrequency", "Frequency", ("Hz",)),
    ("DATA_RATE", FLOAT, "CloudDataRate", "Data rate", ("bit/s",)),
    ("HEART_BEATS", FLOAT, "CloudHeartRate", "Heart rate", ("beat/min",)),
    ("COUNT", INT, "CloudCounter", "Counter", ()),
    ("ACCELERATION", FLOAT, "CloudAcceleration", "Acceleration", ("m/s²",)),
    ("AREA", FLOAT, "CloudArea", "Area", ("m²",)),
    ("LENGTH", FLOAT, "CloudLength", "Length", ("m", "cm", "in")),
    ("VELOCITY", FLOAT, "CloudVelocity", "Velocity", ("m/s",)),
    ("LOCATION", OBJECT, "CloudLocation", "Location", ("°",)),
    ("MASS", FLOAT, "CloudMass", "Mass", ("kg", "g")),
    ("VOLUME", FLOAT, "CloudVolume", "Volume", ("m³", "l")),
    ("FLOW_RATE", FLOAT, "CloudFlowRate", "Flow rate", ("m³/s", "l/s")),
    ("ANGLE", FLOAT, "CloudAngle", "Angle", ("rad", "°")),
    ("ILLUMINANCE", FLOAT, "CloudIlluminance", "Illuminance", ("lx",)),
    ("LUMINOUS_FLUX", FLOAT, "CloudLuminousFlux", "Luminous flux", ("lm",)),
    ("LUMINANCE", FLOAT, "CloudLuminance", "Luminance", ("cd/m²",)),
    ("LUMINOUS_INTENSITY", FLOAT, "CloudLuminousIntensity", "Luminous intensity", ("cd",)),
    ("COLOR_HSB", OBJECT, "CloudColor", "Color", ()),
    ("LOGARITHMIC_QUANTITY", FLOAT, "CloudLogarithmicQuantity", "Logarithmic quantity", ("dB", "B")),
    ("PRESSURE", FLOAT, "CloudPressure", "Pressure", ("Pa", "hPa")),
    ("INFORMATION_CONTENT", INT, "CloudInformationContent", "Information content", ("bit",)),
    ("PERCENTAGE", FLOAT, "CloudPercentage", "Percentage", ("%",)),
    ("PERCENTAGE_RELATIVE_HUMIDITY", FLOAT, "CloudRelativeHumidity", "Relative humidity", ("%",)),
    ("GENERIC_COMPLEX_PROPERTY", OBJECT, "?", "Generic complex", ()),  # Its class is published nowhere.
    ("HOME_LIGHT", BOOL, "CloudLight", "Light", ()),
    ("HOME_DIMMED_LIGHT", OBJECT, "CloudDimmedLight", "Dimmed light", ()),
    ("HOME_COLORED_LIGHT", OBJECT, "CloudColoredLight", "Colored light", ()),
    ("HOME_CONTACT_SENSOR", BOOL, "CloudContactSensor", "Contact sensor", ()),
    ("HOME_SMART_PLUG", BOOL, "CloudSmartPlug", "Smart plug", ()),
    ("HOME_SWITCH", BOOL, "CloudSwitch", "Switch", ()),
    ("HOME_MOTION_SENSOR", BOOL, "CloudMotionSensor", "Motion sensor", ()),
    ("HOME_TEMPERATURE_C", FLOAT, "CloudTemperatureSensor", "Temperature sensor (°C)", ("°C",)),
    ("HOME_TEMPERATURE_F", FLOAT, "CloudTemperatureSensor", "Temperature sensor (°F)", ("°F",)),
    ("HOME_TELEVISION", OBJECT, "CloudTelevision", "Television", ()),
    ("SCHEDULE", OBJECT, "CloudSchedule", "Schedule", ()),
    ("CHARSTRING", STRING, "String", "Character string", ()),
    ("FLOAT", FLOAT, "float", "Floating point number", ()),
    ("INT", INT, "int", "Integer number", ()),
    ("STATUS", BOOL, "bool", "Boolean", ()),
)

# Name, successor, title, unit. The spelling LENGHT is the real one.
_UNIT_NAMED: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("AMPERE", "ELECTRIC_CURRENT", "Ampere", "A"),
    ("BECQUEREL", "FLOAT", "Becquerel", "Bq"),
    ("BEL", "LOGARITHMIC_QUANTITY", "Bel", "B"),
    ("BIT", "INFORMATION_CONTENT", "Bit", "bit"),
    ("BIT_PER_SECOND", "DATA_RATE", "Bit per second", "bit/s"),
    ("CANDELA", "LUMINOUS_INTENSITY", "Candela", "cd"),
    ("CANDELA_PER_SQUARE_METER", "LUMINANCE", "Candela per square meter", "cd/m²"),
    ("COULOMB", "FLOAT", "Coulomb", "C"),
    ("CUBIC_METER", "VOLUME", "Cubic meter", "m³"),
    ("CUBIC_METER_PER_SECOND", "FLOW_RATE", "Cubic meter per second", "m³/s"),
    ("DECIBEL", "LOGARITHMIC_QUANTITY", "Decibel", "dB"),
    ("DECIBEL_1W", "LOGARITHMIC_QUANTITY", "Decibel relative to 1 W", "dBW"),
    ("DEGREES_LATITUDE", "LOCATION", "Degrees latitude", "°"),
    ("DEGREES_LONGITUDE", "LOCATION", "Degrees longitude", "°"),
    ("EVENT_RATE_MINUTE", "FREQUENCY", "Events per minute", "1/min"),
    ("EVENT_RATE_SECOND", "FREQUENCY", "Events per second", "1/s"),
    ("FARAD", "CAPACITANCE", "Farad", "F"),
    ("GRAM", "MASS", "Gram", "g"),
    ("GRAY", "FLOAT", "Gray", "Gy"),
    ("HEART_RATE", "HEART_BEATS", "Heart rate", "beat/min"),
    ("HENRY", "FLOAT", "Henry", "H"),
    ("HERTZ", "FREQUENCY", "Hertz", "Hz"),
    ("JOULE", "ENERGY", "Joule", "J"),
    ("KATAL", "FLOAT", "Katal", "kat"),
    ("KELVIN", "TEMPERATURE", "Kelvin", "K"),
    ("KILOGRAM", "MASS", "Kilogram", "kg"),
    ("LENGHT_C", "LENGTH", "Length (cm)", "cm"),
    ("LENGHT_I", "LENGTH", "Length (in)", "in"),
    ("LENGHT_M", "LENGTH", "Length (m)", "m"),
    ("LITER", "VOLUME", "Liter", "l"),
    ("LITER_PER_SECOND", "FLOW_RATE", "Liter per second", "l/s"),
    ("LUMEN", "LUMINOUS_FLUX", "Lumen", "lm"),
    ("LUX", "ILLUMINANCE", "Lux", "lx"),
    ("METER_PER_SECOND", "VELOCITY", "Meter per second", "m/s"),
    ("METER_PER_SQUARE_SECOND", "ACCELERATION", "Meter per square second", "m/s²"),
    ("MOLE", "FLOAT", "Mole", "mol"),
    ("NEWTON", "FORCE", "Newton", "N"),
    ("OHM", "ELECTRICAL_RESISTANCE", "Ohm", "Ω"),
    ("PASCAL", "PRESSURE", "Pascal", "Pa"),
    ("PERCENTAGE_BATTERY_LEVEL", "PERCENTAGE", "Battery level (%)", "%"),
    ("PH_VALUE", "FLOAT", "pH value", "pH"),
    ("RADIAN", "ANGLE", "Radian", "rad"),
    ("RATIO_DIV", "PERCENTAGE", "Ratio", "1"),
    ("SECONDS_BATTERY_LEVEL", "TIME", "Battery level (s)", "s"),
    ("SIEMENS", "FLOAT", "Siemens", "S"),
    ("SIEMENS_PER_METER", "FLOAT", "Siemens per meter", "S/m"),
    ("SIEVERT", "FLOAT", "Sievert", "Sv"),
    ("SQUARE_METER", "AREA", "Square meter", "m²"),
    ("STERADIAN", "ANGLE", "Steradian", "sr"),
    ("TEMPERATURE_C", "TEMPERATURE", "Temperature (°C)", "°C"),
    ("TEMPERATURE_F", "TEMPERATURE", "Temperature (°F)", "°F"),
    ("TESLA", "FLOAT", "Tesla", "T"),
    ("VOLT", "ELECTRIC_POTENTIAL", "Volt", "V"),
    ("WATT", "POWER", "Watt", "W"),
    ("WATT_PER_SQUARE_METER", "FLOAT", "Watt per square meter", "W/m²"),
    ("WEBER", "FLOAT", "Weber", "Wb"),
)

# Accepted for properties, in no catalogue (section 6.3). The families GOOGLE_HOME_* and SMART_HOME_* are added below.
_UNLISTED: Final[tuple[tuple[str, ValueKind, str, str | None, str, tuple[str, ...]], ...]] = (
    ("ANALOG", INT, "int", None, "Analog reading", ()),
    ("METER", FLOAT, "CloudLength", "LENGTH", "Meter", ("m",)),
    ("SECOND", FLOAT, "float", "TIME", "Second", ("s",)),
    ("DEGREES_CELSIUS", FLOAT, "CloudTemperature", "TEMPERATURE", "Degrees Celsius", ("°C",)),
    ("RATIO_MOD", FLOAT, "float", None, "Ratio (modulo)", ("1",)),
    ("COLOR_RGB", OBJECT, "CloudColor", None, "Color (RGB)", ()),
    ("HOME_TEMPERATURE", FLOAT, "CloudTemperatureSensor", None, "Temperature sensor", ("°C", "°F")),
)

_HOME_FAMILY: Final = (
    "COLORED_LIGHT",
    "DIMMED_LIGHT",
    "LIGHT",
    "CONTACT_SENSOR",
    "MOTION_SENSOR",
    "SMART_PLUG",
    "TEMPERATURE",
    "TEMPERATURE_C",
    "TEMPERATURE_F",
    "SWITCH",
    "TELEVISION",
)


def _build() -> dict[str, PropertyType]:
    types: dict[str, PropertyType] = {}
    for name, kind, declaration, title, units in _CURRENT:
        types[name] = PropertyType(
            name=name,
            kind=kind,
            declaration=declaration,
            title=title,
            unsigned=name == "TIME",
            components=_COMPONENTS.get(name, ()),
            open=name in _OPEN,
            units=units,
            read_write=name not in _SENSORS,
            assistants=_ASSISTANTS if name.startswith("HOME_") else (),
        )
    for name, successor, title, unit in _UNIT_NAMED:
        follower = types[successor]
        types[name] = PropertyType(
            name=name,
            kind=FLOAT,
            declaration=follower.declaration if follower.kind is FLOAT else "float",
            title=title,
            units=(unit,),
            superseded_by=successor,
            deprecated=True,
        )
    for name, kind, declaration, replaced_by, title, units in _UNLISTED:
        types[name] = PropertyType(
            name=name,
            kind=kind,
            declaration=declaration,
            title=title,
            components=_COMPONENTS.get(name, ()),
            open=name in _OPEN,
            units=units,
            read_write=name not in _SENSORS,
            superseded_by=replaced_by,
            deprecated=replaced_by is not None,
            listed=False,
        )
    for prefix in ("GOOGLE_", "SMART_"):
        for suffix in _HOME_FAMILY:
            if (prefix, suffix) == ("GOOGLE_", "TELEVISION"):
                continue  # The one member that its family does not have.
            model = types["HOME_" + suffix]
            types[prefix + model.name] = msgspec.structs.replace(
                model,
                name=prefix + model.name,
                assistants=(),
                superseded_by=model.name,
                deprecated=True,
                listed=False,
            )
    return types


PROPERTY_TYPES: Final[dict[str, PropertyType]] = _build()
"""Every type that a property may have, by name."""

CATALOGUE: Final[tuple[PropertyType, ...]] = tuple(item for item in PROPERTY_TYPES.values() if item.listed)
"""What the catalogue shows, in its order: today's types, then the unit-named ones."""
