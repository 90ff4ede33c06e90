"""`rookery device`: boards, their secrets and keys, and the keys of this server that boards are given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rookery.cli.exits import fail
from rookery.cli.options import AsJson, DataDir, User, folder, order, order_and_show
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

    @device.command("enrol")
    def enrol(
        id: Annotated[str, typer.Argument(help="Device id of a Particle board: 24 hexadecimal digits.")],
        key: Annotated[Path | None, typer.Option(help="Its public key: PEM or DER.")] = None,
        platform: Annotated[
            str | None, typer.Option(help="Its platform: photon, argon, boron, p2, … or a number.")
        ] = None,
        serial: Annotated[
            str | None, typer.Option(help="The serial number on its sticker, by which set-up apps look for it.")
        ] = None,
        claim: Annotated[bool, typer.Option("--claim", help="Make it the person's own.")] = False,
        user: User = None,
        data_dir: DataDir = None,
        json: AsJson = False,
    ) -> None:
        """Make a Particle board known before it connects. With `particle_trust = "registered"` only boards whose key
        was given here, or sent with `particle keys send`, may connect."""
        pem = _public_key(key) if key is not None else None
        order_and_show(
            data_dir,
            json,
            "device_enrol",
            id=id,
            public_key=pem,
            platform=_platform(platform),
            serial=serial,
            claim=claim,
            user=user,
        )

    @device.command("keys")
    def keys(
        host: Annotated[
            str | None, typer.Argument(help="Name or IPv4 address of this server, as boards are to dial it.")
        ] = None,
        port: Annotated[
            int | None, typer.Option(help="TCP port, if it is not 5683. UDP boards always dial 5684.")
        ] = None,
        write: Annotated[
            Path | None, typer.Option("--write", help="Write the files below this folder; without it, beside the keys.")
        ] = None,
        data_dir: DataDir = None,
        json: AsJson = False,
    ) -> None:
        """Write this server's keys for Particle boards, with its address, as `particle keys server` takes them; and say
        how a board gets there and back."""
        from rookery.cli.board_keys import write_and_tell

        write_and_tell(folder(data_dir) / "keys", host, port, write, as_json=json)

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


def _public_key(file: Path) -> str:
    from cryptography.hazmat.primitives import serialization

    from rookery.keys import public_key_of
    from rookery.keys.errors import PublicKeyInvalid

    try:
        der = public_key_of(file.read_bytes())
    except OSError as error:
        fail(f"{file} can not be read ({error.strerror}).")
    except PublicKeyInvalid as error:
        fail(f"{file}: {error}")
    pem = serialization.load_der_public_key(der).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode("ascii")


def _platform(word: str | None) -> int | None:
    from rookery.particle.platforms import PLATFORMS

    if word is None:
        return None
    by_name = {platform.name: platform.id for platform in PLATFORMS.values()}
    if not word.isdigit() and word.lower() not in by_name:
        fail(f"{word!r} is not a platform. There are: {', '.join(by_name)}.")
    return int(word) if word.isdigit() else by_name[word.lower()]


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
