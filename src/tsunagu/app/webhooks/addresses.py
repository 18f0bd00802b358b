"""Where messages may go: not into private networks, not to this machine.

The name is resolved, every address that it has is checked, and the connection goes to one that was
checked: a name that answers otherwise the second time gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

import httpcore
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that carry an IPv4 one in their last 32 bits (RFC 6052)."""


class PrivateAddressError(Exception):
    """The host leads into a private network."""


class UnknownHostError(Exception):
    """The host name cannot be resolved."""


def check_url(url: str) -> None:
    """Refuse an address that can never be told anything.

    Raises:
        ValidationError: with words for the person.
    """
    URLValidator(schemes=["http", "https"])(url)
    parts = urlsplit(url)
    host = parts.hostname or ""
    if "@" in parts.netloc:
        raise ValidationError(_("Leave user name and password out of the address."))
    if parts.scheme != "https" and not _is_allowed(host):
        raise ValidationError(_("Name an address that begins with https://."))
    if not _is_allowed(host) and (host == "localhost" or not _is_public(host)):
        raise ValidationError(_("This address lies in a private network. Name a public one."))


def checked(host: str, port: int) -> str:
    """An address of ``host`` to which a connection may go.

    Raises:
        PrivateAddressError: one of its addresses is not public.
        UnknownHostError: it has none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnknownHostError(host) from error
    addresses = [str(sockaddr[0]) for *_rest, sockaddr in found]
    if not _is_allowed(host) and not all(_is_public(address) for address in addresses):
        raise PrivateAddressError(host)
    return addresses[0]


def _is_allowed(host: str) -> bool:
    return host in settings.WEBHOOK_PRIVATE_HOSTS


def _is_public(host: str) -> bool:
    """Whether everybody can reach the address; of a name nothing is known yet."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return True
    carried = _carried(address)
    everywhere = address.is_global and not address.is_multicast
    return _is_public(str(carried)) if carried else everywhere


def _carried(address: Address) -> Address | None:
    """The IPv4 address that an IPv6 one leads to."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


class CheckedNetwork(httpcore.NetworkBackend):
    """Connects to addresses that were :func:`checked` only."""

    def __init__(self) -> None:
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the host, if that is allowed."""
        address = checked(host, port)
        return self._network.connect_tcp(address, port, timeout, local_address, socket_options)
