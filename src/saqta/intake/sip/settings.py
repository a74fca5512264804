"""What the settings say of SIP: where to listen, and who the neighbours are."""

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal, NamedTuple

import msgspec

from saqta.model.errors import InputError
from saqta.model.kinds.record import Name

Network = IPv4Network | IPv6Network
Trunk = Literal["national", "foreign"]
PORTS = range(1, 1 << 16)


class Sip(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Switches that ask over SIP, by UDP and TCP, before they connect a call; nobody is listened to without a ``host``.

    ``trunks`` says of networks, such as ``203.0.113.0/24``, whether calls from there come over a national or a foreign
    trunk; the narrowest that holds an address counts, and whoever is in none is refused. ``verified`` has those whose
    border checks the signatures of STIR/SHAKEN. Decisions are made in the name of ``partner``. A blocked call is
    answered with 603, or with 608 (RFC 8688).
    """

    host: str = ""
    port: int = 5060
    trunks: dict[str, Trunk] = {}
    verified: tuple[str, ...] = ()
    partner: Name = "sip"
    rejects_with: Literal[603, 608] = 603


class Neighbour(NamedTuple):
    """Over what kind of trunk a neighbour's calls come, and whether it checks signatures."""

    trunk: Trunk
    checks: bool


class Neighbours:
    """Who calls, by its address."""

    def __init__(self, settings: Sip) -> None:
        """InputError for what is no network, and where there is none."""
        if not settings.trunks:
            raise InputError("sip.trunks", settings.trunks, "at least one network with its kind of trunk")
        if settings.port not in PORTS:
            raise InputError("sip.port", settings.port, "a port, 1 to 65535")
        trunks = ((_network("sip.trunks", text), trunk) for text, trunk in settings.trunks.items())
        self._trunks = sorted(trunks, key=lambda one: -one[0].prefixlen)
        self._verified = [_network("sip.verified", text) for text in settings.verified]

    def find(self, host: str) -> Neighbour | None:
        """The neighbour at an address; None for a stranger."""
        address = ip_address(host.partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        for network, trunk in self._trunks:
            if address in network:
                return Neighbour(trunk, any(address in each for each in self._verified))
        return None


def _network(field: str, text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise InputError(field, text, "a network, such as 203.0.113.0/24") from error
