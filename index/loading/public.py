"""An HTTP transport that connects to public addresses only, immune to DNS rebinding."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

from index.errors import DocumentError, reason


class PublicTransport(httpx.HTTPTransport):
    """Resolves a host once, and connects to the resolved address if all its addresses are public.

    A host that resolves differently the next time (DNS rebinding) gains nothing by it, and each
    redirect is checked as well. If the environment sets a proxy, the proxy resolves hosts, and this
    transport is not used.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the public address of its host.

        Raises DocumentError if the host has a private address, and ConnectError if it has none.
        """
        host = request.url.host
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=_public_address(host)),
            headers=request.headers,  # With the host's name.
            stream=request.stream,
            extensions=request.extensions | {"sni_hostname": host},  # For its certificate.
        )
        return super().handle_request(pinned)


def _public_address(host: str) -> str:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpx.ConnectError(reason(error)) from error
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    for address in addresses:
        if not is_public(address):
            raise DocumentError(
                f"{host} is {address}, an address of this machine or its network, and such "
                "addresses are not fetched. Set FOOTNOTED_PRIVATE_ADDRESSES=true to allow them."
            )
    return addresses[0]


_IPV4_BY_IPV6 = IPv6Network("64:ff9b::/96")  # RFC 6052
_LOCAL_IPV4_BY_IPV6 = IPv6Network("64:ff9b:1::/48")  # RFC 8215


def is_public(address: str) -> bool:
    """Whether an IP address is globally reachable and not a multicast address."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        if ip in _LOCAL_IPV4_BY_IPV6:
            return False
        translated = IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _IPV4_BY_IPV6 else None
        carried = ip.ipv4_mapped or ip.sixtofour or translated
        if carried:
            return is_public(str(carried))
    return ip.is_global and not ip.is_multicast
