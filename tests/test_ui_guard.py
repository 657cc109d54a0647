"""Who is answered by the window: its own pages, and programs that call it by its own address.

And what may run in its pages.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.faults import Faults
from ui.entry.guard import HEADERS, Guard

OWN_HOST = "127.0.0.1:7860"


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
    ("host", "origin", "status"),
    [
        *((host, None, 421) for host in ("evil.example", "127.0.0.1.evil.example:7860")),
        *((host, None, 421) for host in ("localhost.evil.example", "", "[::1", "a@b c")),
        *((OWN_HOST, origin, 403) for origin in ("http://evil.example", "null", "x")),
        *((OWN_HOST, f"http://127.0.0.1{port}", 403) for port in ("", ":8000")),
    ],
)
def test_others_are_refused(host: str, origin: str | None, status: int) -> None:
    found = answered(host, origin)
    assert found.status_code == status
    assert "the library" not in found.text


def test_each_response_says_what_the_page_may_do() -> None:
    for host, path in (("localhost", "/"), ("evil.example", "/"), ("localhost", "/x")):
        assert all(name in answered(host, path=path).headers for name in HEADERS)
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


@pytest.mark.browser
@pytest.mark.weights
@pytest.mark.faults
def test_no_script_runs_that_stands_in_a_page(
    browser: Browser, window_address: str, faults: Faults
) -> None:
    page = browser.new_page()
    page.goto(window_address)
    expect(page.locator("#question textarea")).to_be_visible(timeout=30_000)
    tried = {
        "an image": "<img src=x onerror='window.pwned=1'>",
        "a drawing": "<svg onload='window.pwned=1'></svg>",
        "details": "<details open ontoggle='window.pwned=1'></details>",
        "a style": "<style onload='window.pwned=1'></style>",
        "a frame": "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
        "a frame's address": "<iframe src='javascript:parent.pwned=1'></iframe>",
        "a link": "<a href='javascript:window.pwned=1' data-press>x</a>",
        "a button": "<button onclick='window.pwned=1' data-press>x</button>",
        "a form": "<form action='javascript:window.pwned=1'><button data-press>x</button></form>",
        "data": "<script src='data:text/javascript,window.pwned=1' data-put></script>",
        "a script": "<script data-put>window.pwned=1</script>",
        "a module": "<script type=module data-put>window.pwned=1</script>",
        "a script of elsewhere": "<script src='http://127.0.0.2:1/x.js' data-put></script>",
        "a base": "<base href='http://127.0.0.2:1/'>",
    }
    for fault, html in tried.items():
        with faults.trying("foreign requests", f"{fault} put into the page", harm="let in"):
            ran = page.evaluate(
                """async (html) => {
                  const box = document.createElement('div');
                  box.innerHTML = html;
                  document.body.append(box);
                  for (const dead of box.querySelectorAll('[data-put]')) {
                    const script = document.createElement('script');
                    for (const {name, value} of dead.attributes) script.setAttribute(name, value);
                    script.textContent = dead.textContent;
                    box.append(script);
                  }
                  box.querySelector('[data-press]')?.click();
                  for (let frame = 0; frame < 20; frame++) {
                    await new Promise((done) => requestAnimationFrame(done));
                  }
                  box.remove();
                  return [window.pwned ?? null, new URL(document.baseURI).origin];
                }""",
                html,
            )
            assert ran == [None, window_address.rstrip("/")]
    page.close()
