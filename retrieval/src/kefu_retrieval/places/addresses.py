"""Which addresses a fetch may connect to, so that nobody makes it read what only this network can.

Checked on the address that a socket is about to connect to, after every look-up and redirect: a name that resolves to
something else the second time (DNS rebinding) gains nothing. Link-local addresses, where clouds serve credentials to
whoever asks, are never reachable; loopback is for tests and local mode alone. Private addresses are where most stores
and databases live, so S3 and SQL may use them (their addresses come from a Secret), while for web pages, which redirect
wherever their authors like, the source has to say `private: true`.
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from typing import Any

from kefu_retrieval.errors import AddressRefused, PlaceUnreachable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in ("100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254", "168.63.129.16")
)
"""Credential services of clouds outside the link-local range: Alibaba, Oracle, AWS, Google, Azure."""
_PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class Addresses:
    """What may be connected to beside public addresses."""

    private: bool = False
    loopback: bool = False

    def check(self, host: str, address: str) -> None:
        """Pass an address, or refuse it.

        Raises:
            AddressRefused: with the host it belongs to and the remedy.
        """
        found = _plain(ipaddress.ip_address(address.partition("%")[0]))
        if found.is_loopback:
            if not self.loopback:
                raise AddressRefused(f"{host} is this machine itself ({address}); name the server's own address")
        elif found in _METADATA or found.is_link_local or found.is_multicast or found.is_unspecified:
            raise AddressRefused(f"{host} is {address}, which no document may come from; name another server")
        elif any(found in network for network in _PRIVATE):
            if not self.private:
                raise AddressRefused(
                    f"{host} is the private address {address}; set private: true on the source if that is meant"
                )
        elif not found.is_global:
            raise AddressRefused(f"{host} is {address}, which is reserved; name another server")

    def socket(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for an address that has passed; for aiohttp's `socket_factory`.

        Raises:
            AddressRefused: as `check`.
        """
        family, kind, protocol, _, target = info
        self.check(str(target[0]), str(target[0]))
        return socket.socket(family, kind, protocol)

    async def resolve(self, host: str, port: int) -> str:
        """An address of `host` that passes, for clients that look up by themselves.

        Raises:
            PlaceUnreachable: the name is not known now.
            AddressRefused: as `check`; one bad address is enough.
        """
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise PlaceUnreachable(f"the name {host} cannot be resolved: {error.strerror}; check it") from error
        addresses = [str(each[4][0]) for each in found]
        for address in addresses:
            self.check(host, address)
        return addresses[0]


def _plain(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one (mapped, NAT64, 6to4), since that is where the packets go."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.sixtofour:
            return address.sixtofour
    return address
