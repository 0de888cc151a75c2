"""Which addresses are out in the public internet. A file's address must not lead into our own network."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable

type Resolve = Callable[[str], Awaitable[list[str]]]

_CARRIERS = tuple(
    ipaddress.IPv6Network(net)
    for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "::/96")
)
"""IPv6 that carries an IPv4 address to somewhere we would have to judge anew: NAT64, Teredo, 6to4, compatible."""


async def addresses_of(host: str) -> list[str]:
    """Return the IP addresses of a host name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def is_public(address: str) -> bool:
    """Say whether an IP address belongs to the public internet and to one machine of it."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip.scope_id or ip.is_site_local or any(ip in net for net in _CARRIERS):
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)
