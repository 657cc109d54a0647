"""What is fetched: pages of the internet, and none of this machine or its network."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from index.errors import DocumentError
from index.loading.load import load
from index.loading.public import is_public
from tests.serving import Request, serving

PUBLIC = "93.184.215.14 2606:2800:21f:cb07:6820:80da:af6b:8b2c 64:ff9b::5db8:d70e".split()
NOT_PUBLIC = """
127.0.0.1 127.8.9.1 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 224.0.0.1
255.255.255.255 ::1 :: fe80::1 fd00:ec2::254 ff02::1 ::ffff:127.0.0.1 2002:7f00:1:: 64:ff9b:1::1
64:ff9b::7f00:1
""".split()


@pytest.mark.parametrize("address", [*PUBLIC, *NOT_PUBLIC])
def test_what_is_public_and_what_is_of_this_machine_or_of_its_network(address: str) -> None:
    assert is_public(address) == (address in PUBLIC)


@pytest.mark.parametrize(
    "host", "127.0.0.1 localhost [::1] 0.0.0.0 0x7f.1 2130706433 [::ffff:7f00:1]".split()
)
def test_no_other_way_to_write_it_helps(host: str) -> None:
    with pytest.raises(DocumentError, match="not fetched"):
        load(f"http://{host}:9/secret.txt")


HOSTS: list[str] = []
"""What the site was called by those who asked it."""


def reply(request: Request) -> None:
    HOSTS.append(request.headers["Host"])
    if request.path == "/moved":
        request.answer(302, Location="http://127.0.0.2:9/secret.txt")
    else:
        request.answer(200, b"A page.")


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The port of a site on this machine whose address counts as public."""
    monkeypatch.setattr("index.loading.public.is_public", lambda address: address == "127.0.0.1")
    HOSTS.clear()
    with serving(reply) as address:
        yield address.rpartition(":")[2]


def test_a_page_that_leads_on_to_this_machine_is_refused(port: str) -> None:
    assert load(f"http://127.0.0.1:{port}/page").text == "A page."
    with pytest.raises(DocumentError, match=r"127\.0\.0\.2, an address of this machine"):
        load(f"http://127.0.0.1:{port}/moved")


def test_the_address_looked_up_is_connected_to(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: str, *more: object, **named: object) -> object:
        if host != "site.example":
            return real(host, *more, **named)  # type: ignore[arg-type]
        looked_up.append(host)
        address = "127.0.0.1" if len(looked_up) == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    document = load(f"http://site.example:{port}/page")
    assert document.source == f"http://site.example:{port}/page"
    assert looked_up == ["site.example"]
    assert [f"site.example:{port}"] == HOSTS
