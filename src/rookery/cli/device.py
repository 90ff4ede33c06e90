"""`rookery device`: boards and their secret keys."""

from __future__ import annotations

from typing import Annotated

import typer

from rookery.cli.exits import fail
from rookery.cli.options import AsJson, DataDir, User, order, order_and_show
from rookery.cli.output import show

Id = Annotated[str, typer.Argument(help="Device id.")]
TYPES = (
    "login_and_secretkey_wifi (ESP32, ESP8266), generic_device_secretkey (Python, MicroPython, JavaScript), "
    "mkrwifi1010, nano_33_iot, nanorp2040connect, unor4wifi, giga, opta, portenta_c33, …"
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    device = typer.Typer(help="Boards and their secret keys.", no_args_is_help=True)
    app.add_typer(device, name="device")

    @device.command("add")
    def add(
        name: Annotated[str, typer.Argument(help="How the board is called.")],
        type: Annotated[str, typer.Option(help=f"Board family: {TYPES}")] = "login_and_secretkey_wifi",
        fqbn: Annotated[str | None, typer.Option(help="Fully qualified board name, as the IDE shows it.")] = None,
        secret: Annotated[
            str | None, typer.Option(help="A secret key that the board has already. Default: a new one.")
        ] = None,
        user: User = None,
        data_dir: DataDir = None,
        json: AsJson = False,
    ) -> None:
        """Register a board. Its secret key is shown this once, with what goes into the sketch."""
        _known(type)
        result = order(data_dir, "device_add", name=name, type=type, fqbn=fqbn, secret=secret, user=user)
        show(result, json)
        if not json:
            _snippet(result)

    @device.command("list")
    def list_(user: User = None, data_dir: DataDir = None, json: AsJson = False) -> None:
        """List boards."""
        order_and_show(data_dir, json, "device_list", user=user)

    @device.command("show")
    def show_(id: Id, data_dir: DataDir = None, json: AsJson = False) -> None:
        """Show a board with its thing, its latest values and what it said of itself."""
        order_and_show(data_dir, json, "device_show", id=id)

    @device.command("secret")
    def secret(
        id: Id,
        secret: Annotated[str | None, typer.Option(help="The new secret key. Default: one is made.")] = None,
        data_dir: DataDir = None,
        json: AsJson = False,
    ) -> None:
        """Give a board a new secret key, shown this once. A connected board has to log in again."""
        result = order(data_dir, "device_secret", id=id, secret=secret)
        show(result, json)
        if not json:
            _snippet(result)

    @device.command("tag")
    def tag(
        id: Id,
        key: Annotated[str, typer.Argument(help="Key of the tag.")],
        value: Annotated[str | None, typer.Argument(help="Its value; without one the tag is removed.")] = None,
        data_dir: DataDir = None,
        json: AsJson = False,
    ) -> None:
        """Set a tag of a board, or remove it."""
        order_and_show(data_dir, json, "device_tag", id=id, key=key, value=value)

    @device.command("delete")
    def delete(
        id: Id,
        force: Annotated[bool, typer.Option("--force", help="For good, with its history of presence.")] = False,
        data_dir: DataDir = None,
        json: AsJson = False,
    ) -> None:
        """Delete a board. Without --force it can be restored for a while."""
        order_and_show(data_dir, json, "device_delete", id=id, force=force)


def _known(type: str) -> None:
    from rookery.arduino.families import FAMILIES

    if type not in FAMILIES:
        fail(f"{type!r} is not a board family. There are: {', '.join(FAMILIES)}.")


def _snippet(result: dict[str, str]) -> None:
    print()
    print("In a C++ sketch, arduino_secrets.h and before ArduinoCloud.begin:")
    print(f'  #define SECRET_DEVICE_KEY "{result["secret_key"]}"')
    print(f'  ArduinoCloud.setBoardId("{result["id"]}");')
    print("  ArduinoCloud.setSecretDeviceKey(SECRET_DEVICE_KEY);")
    print('  ArduinoCloud.begin(ArduinoIoTPreferredConnection, true, "HOST OF THIS SERVER", 8884);')
    print("In Python or MicroPython:")
    print(f'  ArduinoCloudClient(device_id=b"{result["id"]}", username=b"{result["id"]}",')
    print(f'                     password=b"{result["secret_key"]}", server="HOST OF THIS SERVER", port=8884)')
    print("`rookery ca board BOARD` says where the board needs the certificate of this server's authority.")
