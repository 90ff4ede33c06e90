"""Messages of the reference as they are on the wire (particle-device.md §13.2 set B, §13.4): plain text, in hex."""

from __future__ import annotations

from rookery.particle.device.events import Event, Subscription
from rookery.particle.device.goodbye import Goodbye
from rookery.particle.device.hello import Hello
from rookery.particle.device.requests import (
    Kind,
    Request,
    describe_request,
    discard_session_request,
    function_request,
    hello_request,
    signal_request,
    time_request,
    variable_request,
)

HELLOS: dict[str, tuple[str, Hello]] = {
    "Core": ("ffffffff0000", Hello()),
    "Photon of old, over TCP": ("0006ffff00000006", Hello(product_id=6, platform_id=6)),
    "Electron 0.5, over UDP": (
        "000affff0000000a000c0123456789abcdef01234567",
        Hello(product_id=10, platform_id=10, device_id="0123456789abcdef01234567"),
    ),
    "6.2.0 over TCP": (
        "0003ffff0036000300001838048000a000000200",
        Hello(
            product_id=3,
            flags=0x36,
            platform_id=3,
            system_version=6_200,
            max_message=1_152,
            max_binary=0xA00000,
            ota_chunk=512,
        ),
    ),
    "6.2.0 over UDP": (
        "0003ffff00b60003000c0123456789abcdef012345671838048000a000000200",
        Hello(
            product_id=3,
            flags=0xB6,
            platform_id=3,
            device_id="0123456789abcdef01234567",
            system_version=6_200,
            max_message=1_152,
            max_binary=0xA00000,
            ota_chunk=512,
        ),
    ),
}

SYSTEM_DESCRIBE = (
    "0a19080218e8072880808005351e0000003d1e00000058848080050a20080318b8302880808005351e0000003d1e0000004a05080218e807"
    "5884808005"
)
APPLICATION_DESCRIBE = "7b2266223a5b2262726577225d2c2276223a7b2274656d7065726174757265223a327d7d"

FROM_BOARDS: dict[str, tuple[str, Event]] = {
    "6.2: updates enabled": (
        "40020004b1450d127061727469636c652f6465766963652f757064617465732f656e61626c6564ff74727565",
        Event("particle/device/updates/enabled", b"true"),
    ),
    "old: no data, public": (
        "500297b3b1650d026d6f74696f6e2d6465746563746564",
        Event("motion-detected", private=False),
    ),
    "old: three bytes of Max-Age": (
        "500297b3b1450c6c616b652d64657074682f3133005460ff32386d",
        Event("lake-depth/1", b"28m", ttl=21_600),
    ),
}

TO_BOARDS: dict[str, tuple[str, Event, bool]] = {
    "no data": ("5002bbbbb1650d00746561706f742d626f696c6564", Event("teapot-boiled", private=False), True),
    "data": (
        "5002bbbbb1650d00746561706f742d626f696c6564ff32303846",
        Event("teapot-boiled", b"208F", private=False),
        True,
    ),
    "four segments, Max-Age although it is 60": (
        "50029753b1650161016201630164313cff78797a",
        Event("a/b/c/d", b"xyz", private=False),
        False,
    ),
    "Max-Age 60 in three bytes": (
        "50029d0db1650d027465616375702d6f766572666c6f773300003cff3131343034",
        Event("teacup-overflow", b"11404", private=False),
        False,
    ),
}
"""The last element: whether we write it in the same way."""

SUBSCRIPTIONS: dict[str, tuple[str, Subscription]] = {
    "one device": (
        "400197b3b165ff353366663733303635303637353434383136333030313837",
        Subscription(device_id="53ff73065067544816300187"),
    ),
    "my devices": ("400197b3b1650b6d6f74696f6e2f6f70656e4175", Subscription("motion/open", mine=True)),
    "6.2": ("40010007b165087061727469636c65", Subscription("particle")),
}

REQUESTS: dict[str, tuple[str, Request, Kind]] = {
    "describe": ("410197b228b164", describe_request(0), Kind.DESCRIBE_REQUEST),
    "describe the application": ("410197b228b1644102", describe_request(2), Kind.DESCRIBE_REQUEST),
    "function": (
        "410297b2efb16604627265774633322c323430",
        function_request("brew", "32,240"),
        Kind.FUNCTION,
    ),
    "function without an argument": ("410297b2efb166046272657740", function_request("brew", ""), Kind.FUNCTION),
    "variable": (
        "410197b288b1760b74656d7065726174757265",
        variable_request("temperature"),
        Kind.VARIABLE,
    ),
    "signal on": ("4103abcdefb1734101", signal_request(True), Kind.SIGNAL),
    "signal off": ("4103abcdefb1734100", signal_request(False), Kind.SIGNAL),
    "discard session": ("4103abcdefb16b4101", discard_session_request(), Kind.DISCARD_SESSION),
    "time": ("4101000383b174", time_request(), Kind.TIME),
    "Hello of the cloud": ("50020001b168", hello_request(), Kind.HELLO),
    "Hello of the Core": ("500297b2b168ffffffffff0000", hello_request(bytes.fromhex("ffffffff0000")), Kind.HELLO),
}

GOODBYES: dict[str, tuple[str, Goodbye]] = {
    "user": ("0102", Goodbye(cloud="user")),
    "sleep": ("0506ac02", Goodbye(cloud="sleep", sleep=300)),
    "everything": ("0f05461401", Goodbye("system_reset", "update", 20, "error")),
    "restart": ("03058c01", Goodbye("system_reset", "user")),
    "no reason": ("00", Goodbye()),
}
