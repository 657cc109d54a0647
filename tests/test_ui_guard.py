"""Who is answered by the window: its own pages, and programs that call it by its own address."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from ui.entry.guard import HEADERS, Guard

OWN = "http://127.0.0.1:7860"


def secret(_: Request) -> PlainTextResponse:
    return PlainTextResponse("the library", headers={"Referrer-Policy": "origin"})


def answered(host: str, origin: str | None = None, path: str = "/") -> httpx.Response:
    guarded = Guard(Starlette(routes=[Route("/", secret)]), names=["docs.example.org"])
    headers = {"host": host} | ({"origin": origin} if origin else {})
    return TestClient(guarded).get(path, headers=headers)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:7860", "localhost", "LOCALHOST:80", "[::1]:7860", "10.0.0.5", "Docs.Example.org"],
)
def test_own_hosts_are_answered(host: str) -> None:
    for origin in (None, f"http://{host}", f"https://{host.lower()}"):
        assert answered(host, origin).text == "the library"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example:7860", "localhost.evil.example", "", "[::1", "a@b c"],
)
def test_other_hosts_are_refused(host: str) -> None:
    found = answered(host)
    assert found.status_code == 421
    assert "the library" not in found.text


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:8000", "http://127.0.0.1", "x"]
)
def test_pages_of_elsewhere_are_refused(origin: str) -> None:
    found = answered("127.0.0.1:7860", origin)
    assert found.status_code == 403
    assert "the library" not in found.text


def test_each_response_says_what_the_page_may_do() -> None:
    for found in (
        answered("localhost"),
        answered("evil.example"),
        answered("localhost", path="/x"),
    ):
        assert HEADERS.keys() <= {name.title() for name in found.headers} | HEADERS.keys()
        assert all(name in found.headers for name in HEADERS)
    assert answered("localhost").headers["Referrer-Policy"] == "origin", "its own word stands"


def test_a_web_socket_of_elsewhere_is_refused() -> None:
    client = TestClient(Guard(Starlette()))
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/", headers={"host": "localhost", "origin": "http://evil"}),
    ):
        pass


@pytest.mark.browser
@pytest.mark.weights
def test_the_window_is_guarded(window_address: str) -> None:
    own = urlsplit(window_address).netloc
    paths = ("", "config", "gradio_api/info", "gradio_api/mcp/", "theme.css")
    with httpx.Client(base_url=window_address) as client:
        assert client.get("").headers["X-Frame-Options"] == "DENY"
        assert client.get("", headers={"host": f"localhost:{urlsplit(window_address).port}"})
        for path in paths:
            assert client.get(path, headers={"host": "evil.example"}).status_code == 421
            assert client.get(path, headers={"origin": "http://evil.example"}).status_code == 403
        asked = {"data": ["the strait", 1]}
        for origin, status in ((f"http://{own}", 200), ("http://evil.example", 403)):
            called = client.post("gradio_api/call/search", json=asked, headers={"origin": origin})
            assert called.status_code == status
