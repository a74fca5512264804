"""``saqta onvif``: cameras found in the network, and the addresses of their streams."""

import csv
import re
import sys
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

import typer

from saqta import wiring
from saqta.commands.options import DATA, Data, Json, group, kept_logins
from saqta.intake.arrivals import read_secret
from saqta.intake.onvif.device import Device, View
from saqta.intake.onvif.discovery import MULTICAST, Found, discover
from saqta.intake.onvif.soap import SoapError
from saqta.log.logins import Logins
from saqta.model.errors import InputError
from saqta.model.login import Login, joined
from saqta.terminal import Results, errors

onvif = group("ONVIF cameras: found in the network, asked for their streams.")
SOURCE_CHARS_MAX = 24
_NOT_IN_IDS = re.compile(r"[^\w.-]")
PORT_MAX = 65_535
_PORT = MULTICAST[1]
WaitS = Annotated[float, typer.Option(help="How long answers are waited for.", min=0.1, max=60)]
To = Annotated[str | None, typer.Option(metavar="HOST[:PORT]", help="Ask only there; by multicast unless given.")]


class _Row(NamedTuple):
    camera: str
    name: str
    source: str
    evidence_source: str


@onvif.command("discover")
def find(wait_s: WaitS = 3.0, to: To = None, as_json: Json = False) -> None:
    """List the ONVIF devices that answer a probe: address, name, hardware."""
    results = Results(as_json)
    found = _found(wait_s, to)
    for one in found:
        results.line(one._asdict(), f"{one.address}  {one.name}  {one.hardware}")
    results.summary({"devices": len(found)})


@onvif.command()
def streams(
    devices: Annotated[
        list[str] | None, typer.Argument(metavar="DEVICE…", help="Hosts or addresses; whoever is found unless given.")
    ] = None,
    user: Annotated[str | None, typer.Option(help="The user to ask as.")] = None,
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with the password in its first line.")
    ] = None,
    wait_s: WaitS = 3.0,
    to: To = None,
    data: Data = DATA,
) -> None:
    """Print the cameras of ONVIF devices as CSV, ready for: saqta import cameras. The data folder keeps the login."""
    login = Login(user, read_secret("password_file", str(password_file) if password_file else None)) if user else None
    given = [Found("", _address(device), "", "") for device in dict.fromkeys(devices or ())]
    asked = given or _found(wait_s, to)
    hosts = Counter(urlsplit(one.address).hostname for one in asked)
    rows = csv.writer(sys.stdout)
    told = 0
    with kept_logins(data) as logins:
        for one in asked:
            try:
                for row in _rows(one, login, logins, hosts[urlsplit(one.address).hostname] > 1):
                    if not told:
                        rows.writerow(_Row._fields)
                    rows.writerow(row)
                    told += 1
            except SoapError as error:
                errors.print(f"saqta: {error}", markup=False)
    if not told:
        addresses = ", ".join(one.address for one in asked) or "no device"
        raise InputError("devices", addresses, "at least one ONVIF device that tells of its streams")


def _rows(found: Found, login: Login | None, logins: Logins, shared: bool) -> Iterator[_Row]:
    """The cameras of a device; it has its port in their ids where its host is ``shared`` with others."""
    address = urlsplit(found.address)
    host = (address.hostname or "").replace(":", "-")
    host += f"-{address.port}" if shared and address.port else ""
    streams = Device(found.address, login, wiring.now_ms).streams()
    for suffix, one in zip(_suffixes([one.view for one in streams]), streams, strict=True):
        analysis, evidence = (logins.part(joined(address, login)) for address in (one.analysis, one.evidence))
        yield _Row(host + suffix, (found.name or host) + suffix, analysis, evidence if evidence != analysis else "")


def _suffixes(views: Sequence[View]) -> Sequence[str]:
    """What tells the cameras of one device apart: the names of their sources, which stay when others come and go.

    >>> _suffixes([View("v1")]), _suffixes([View("Source 1"), View("Source/2")]), _suffixes([View("v"), View("v")])
    ([''], ['-Source-1', '-Source-2'], ['-1', '-2'])
    """
    if len(views) == 1:
        return [""]
    names = ["-" + _NOT_IN_IDS.sub("-", view.source)[:SOURCE_CHARS_MAX] for view in views]
    return names if len(set(names)) == len(names) else [f"-{number}" for number, _ in enumerate(views, 1)]


def _found(wait_s: float, to: str | None) -> list[Found]:
    if to is None:
        return discover(str(uuid.UUID(wiring.new_id())), wait_s)
    host, _, port = to.partition(":")
    if not host or (port and not (port.isdecimal() and 0 < int(port) <= PORT_MAX)):
        raise InputError("to", to, f"HOST or HOST:PORT, 1 to {PORT_MAX}")
    return discover(str(uuid.UUID(wiring.new_id())), wait_s, (host, int(port or _PORT)))


def _address(device: str) -> str:
    return device if "://" in device else f"http://{device}/onvif/device_service"
