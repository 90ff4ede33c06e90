"""What `rookery device keys` writes and says: how a Particle board comes here, and how it goes back."""

from __future__ import annotations

from pathlib import Path

from rookery.cli.exits import fail
from rookery.cli.output import show

FAMILIES = (
    ("rsa", "server_rsa.pub.der", "Photon, P1, Core (TCP)", "tcp"),
    ("ec", "server_ec.pub.der", "Electron, Argon, Boron, Photon 2, Tracker and newer (UDP)", "udp"),
)
"""Algorithm, file of the public key, which boards, protocol. The vendor's tool knows the last by the board."""


def write_and_tell(keys: Path, host: str | None, port: int | None, write: Path | None, *, as_json: bool) -> None:
    """Write the files and print the steps. Without a host only the keys themselves are named."""
    from rookery.keys import AddressInvalid, address_block

    told = []
    for algorithm, name, boards, protocol in FAMILIES:
        public = keys / name
        if not public.exists():
            fail(
                f"There is no {public} yet: the first start of `rookery serve` makes it. "
                "Or name the folder with --data-dir."
            )
        result = {"algorithm": algorithm, "boards": boards, "public_key": str(public)}
        if host is not None:
            target = (write or keys) / f"particle_{algorithm}.der"
            dialled = port if protocol == "tcp" else None
            spoken = "" if dialled is None else f" --port {dialled}"
            try:
                block = address_block(public.read_bytes(), host, dialled, "rsa" if algorithm == "rsa" else "ec")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(block)
            except AddressInvalid as error:
                fail(str(error))
            except OSError as error:
                fail(f"{target} can not be written ({error.strerror}).")
            result |= {
                "file": str(target),
                "command": f"particle keys server {target}",
                "same_by_hand": f"particle keys server {public} --host {host}{spoken}",
            }
        told.append(result)
    back = {
        "server": "particle keys server",
        "command_line": "particle profile particle",
    }
    if as_json:
        show({"keys": told, "back": back}, True)
        return
    for result in told:
        print(f"{result['boards']}:")
        print(f"  public key of this server   {result['public_key']}")
        if "file" in result:
            print(f"  the same with its address   {result['file']}")
            print("  with the board in DFU mode on USB:")
            print(f"    {result['command']}")
            print("  which is the same as:")
            print(f"    {result['same_by_hand']}")
        print()
    if host is None:
        print("Name this server to get files with its address: rookery device keys HOST")
    print("A board's own key: this server keeps the one that the board shows at first contact, unless particle_trust")
    print('is "registered". Then send it before: particle keys send DEVICE_ID FILE')
    print("or rookery device enrol DEVICE_ID --key FILE.")
    print("The command line tool: particle profile set apiUrl http://THIS-SERVER:8080, then particle login.")
    print()
    print("Back to the vendor's cloud:")
    print(f"  {back['server']}        (without a file, with the board in DFU mode: its factory server key and address)")
    print("  particle keys doctor DEVICE_ID   (gives the board a new key and registers it with the vendor)")
    print(f"  {back['command_line']}    (the command line tool)")
