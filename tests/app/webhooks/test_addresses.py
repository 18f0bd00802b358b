"""No message goes into a private network, whatever the address looks like."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tsunagu.app.webhooks import addresses, sending
from tsunagu.app.webhooks.models import Trouble

PRIVATE = (
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
)


def resolves_to(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    def answer(host: str, port: int, **_: Any) -> list[Any]:
        return [(0, 0, 0, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", answer)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_into_a_private_network_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolves_to(monkeypatch, address)
    with pytest.raises(addresses.PrivateAddressError):
        addresses.checked("hooks.example.com", 443)


@pytest.mark.parametrize("address", PRIVATE)
def test_such_an_address_cannot_be_entered(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(ValidationError, match=r"private|プライベート|社内"):
        addresses.check_url(f"https://{host}/hook")


def test_one_private_address_among_public_ones_is_enough_to_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolves_to(monkeypatch, "93.184.215.14", "10.0.0.1")
    with pytest.raises(addresses.PrivateAddressError):
        addresses.checked("hooks.example.com", 443)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_a_public_address_is_what_the_connection_goes_to(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolves_to(monkeypatch, address)
    assert addresses.checked("hooks.example.com", 443) == address


def test_the_connection_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that answers otherwise the second time gains nothing."""
    resolves_to(monkeypatch, "93.184.215.14")
    asked = []

    class Network:
        def connect_tcp(self, *where: Any) -> None:
            asked.append(where[0])
            raise OSError

    network = addresses.CheckedNetwork()
    monkeypatch.setattr(network, "_network", Network())
    with pytest.raises(OSError):  # noqa: PT011
        network.connect_tcp("hooks.example.com", 443)
    assert asked == ["93.184.215.14"]


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://localhost/",
        "https://user:pass@hooks.example.com/",
        "ftp://hooks.example.com/",
    ],
)
def test_an_address_without_encryption_or_with_a_password_cannot_be_entered(url: str) -> None:
    with pytest.raises(ValidationError):
        addresses.check_url(url)


def test_a_host_that_the_installation_names_may_be_private(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    addresses.check_url("http://127.0.0.1:9000/")
    assert addresses.checked("127.0.0.1", 9000) == "127.0.0.1"


def test_a_private_or_unknown_host_is_a_failed_try(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves_to(monkeypatch, "10.0.0.1")
    assert sending.send("https://hooks.example.com/", b"{}", {}).trouble == Trouble.PRIVATE

    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert sending.send("https://hooks.example.com/", b"{}", {}).trouble == Trouble.UNKNOWN
