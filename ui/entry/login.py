"""Authentication: the login page, sessions that expire, tokens for programs, limited tries.

Gradio's own login limits neither the tries nor a session's lifetime, and its page allows no second
try. So Gradio is told who the user is (`who`), and has no login of its own. Starlette's
SessionMiddleware keeps a session in a signed cookie, where no logout or new password can end it.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from math import ceil
from urllib.parse import parse_qs

import anyio
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.types import ASGIApp, Receive, Scope, Send

from index.errors import UserError
from index.printable import title_line
from ui.drawing.jinja import draw
from ui.entry.users import User, may_enter, owner_of
from ui.panels.events import USER
from ui.words.languages import negotiated, speaking
from ui.words.words import _, ngettext

IDLE = 12 * 3600.0
"""Seconds without a request after which a session ends."""

FREE_BY_NAME, FREE_BY_ADDRESS = 5, 20
"""Failed tries before there is a wait; more for an address, which many people may share."""

LONGEST_WAIT = 900.0
FORGOTTEN = 3600.0
"""Seconds after the last failed try, when earlier ones no longer count."""

MOST = 10_000
"""Sessions, and names and addresses with failed tries, that are remembered; the oldest go first."""

LONGEST_FORM = 10_000

NOBODY = "Log in first: open the window again. Programs send a token, `Authorization: Bearer …`."


def who(connection: HTTPConnection) -> str | None:
    """Return the user who sent a request; None if nobody is logged in."""
    user: str | None = connection.scope.get(USER)
    return user


def refusal(words: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error response that both Gradio's page and programs can show."""
    return JSONResponse({"detail": words}, status, headers)


class Tries:
    """Counts of failed login tries, by name and by address.

    Somebody who keeps trying a name can make its owner wait as well, up to `LONGEST_WAIT`; open
    sessions are not affected.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failed: dict[tuple[str, str], tuple[int, float]] = {}

    def wait(self, *keys: tuple[str, str]) -> int:
        """Return the seconds until the next try."""
        return max(ceil(self._until(key) - self._clock()) for key in keys)

    def begin(self, *keys: tuple[str, str]) -> None:
        """Count a try as failed until it succeeds, since many may run at once."""
        for key in keys:
            self._failed[key] = (self._count(key) + 1, self._clock())
            while len(self._failed) > MOST:
                del self._failed[min(self._failed, key=lambda each: self._failed[each][1])]

    def succeed(self, name: tuple[str, str], address: tuple[str, str]) -> None:
        """Forget a name's failed tries, but of its address only this one: others share it."""
        self._failed.pop(name, None)
        if address in self._failed:
            count, at = self._failed[address]
            self._failed[address] = (count - 1, at)

    def _count(self, key: tuple[str, str]) -> int:
        count, at = self._failed.get(key, (0, 0.0))
        return count if self._clock() - at < FORGOTTEN else 0

    def _until(self, key: tuple[str, str]) -> float:
        free = FREE_BY_NAME if key[0] == "name" else FREE_BY_ADDRESS
        beyond = self._count(key) - free
        return self._failed[key][1] + min(2.0**beyond, LONGEST_WAIT) if beyond >= 0 else 0.0


@dataclass(slots=True)
class _Session:
    name: str
    salt: bytes
    """The salt of the password at login: a new password changes it, which ends the session."""
    used: float


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that authenticates users, by OpenID Connect for example, and names them in a header.

    The header counts only in requests from the proxy's own addresses, and the proxy must let nobody
    else set it.
    """

    header: str
    addresses: tuple[IPv4Network | IPv6Network, ...]

    def user(self, connection: HTTPConnection) -> str | None:
        """Return the user whom the proxy names; None if it names nobody, or is not the sender."""
        host = connection.client.host if connection.client else ""
        try:
            address = ip_address(host)
        except ValueError:
            return None
        if not any(address in each for each in self.addresses):
            return None
        return title_line(connection.headers.get(self.header, "")) or None


def proxy_of(header: str, addresses: Sequence[str]) -> Proxy:
    """Return a proxy by its header and its addresses or networks.

    Raises UserError for an invalid address or header name.
    """
    try:
        networks = tuple(ip_network(each, strict=False) for each in addresses)
    except ValueError as error:
        raise UserError(
            f"What --trusted-proxy names must be an address or a network: {error}."
        ) from error
    if not re.fullmatch(r"[A-Za-z0-9-]+", header):
        raise UserError(f"“{header}” is no header's name.")
    return Proxy(header, networks)


class Login:
    """Answers those who have logged in or bring a token, and shows others the login page."""

    def __init__(
        self,
        app: ASGIApp,
        users: Mapping[str, User],
        clock: Callable[[], float] = time.monotonic,
        proxy: Proxy | None = None,
    ) -> None:
        """Wrap an application for these users, and for those whom a proxy names."""
        self._app = app
        self._users = users
        self._proxy = proxy
        self._clock = clock
        self._tries = Tries(clock)
        self._sessions: dict[str, _Session] = {}
        self._hashing: anyio.CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its user, or answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        with speaking(negotiated(Headers(scope=scope).get("accept-language", ""))):
            response = await self._answer(scope, receive)
        await (response or self._app)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response | None:
        """Answer logins, logouts and requests without a user; for others, note the user."""
        asked = (scope.get("method"), scope["path"])
        if asked in (("POST", "/"), ("POST", "/login")):
            return await self._log_in(Request(scope, receive))
        if asked == ("POST", "/logout"):
            return self._log_out(HTTPConnection(scope))
        if asked != ("GET", "/gradio_api/startup-events"):  # Gradio itself asks, at the start.
            connection = HTTPConnection(scope)
            scope[USER] = user = self._user(connection)
            if user is None:
                return self._refuse(connection)
        return None

    def _user(self, connection: HTTPConnection) -> str | None:
        kind, _blank, token = connection.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return owner_of(self._users, token.strip())
        if self._proxy and (named := self._proxy.user(connection)):
            return named
        session = self._sessions.get(connection.cookies.get(_cookie(connection), ""))
        if session is None or self._clock() - session.used > IDLE:
            return None
        owner = self._users.get(session.name)
        if owner is None or owner.salt != session.salt:
            return None
        session.used = self._clock()
        return session.name

    def _refuse(self, connection: HTTPConnection) -> Response:
        """Ask for a login. A valid token never has to wait, since tokens cannot be guessed."""
        if "authorization" in connection.headers:
            address = _address(connection)
            if (wait := self._tries.wait(address)) > 0:
                return refusal(_too_many(wait), 429, {"Retry-After": str(wait)})
            self._tries.begin(address)
            words = "This token is nobody's. `footnoted token NAME --auth FILE` makes one."
            return refusal(words, 401, {"WWW-Authenticate": "Bearer"})
        if connection.scope["path"] == "/":
            return _page("", 401)
        return refusal(NOBODY, 401, {"WWW-Authenticate": "Bearer"})

    async def _log_in(self, request: Request) -> Response:
        length = content_length(request.headers)
        if length is None or length > LONGEST_FORM:
            return refusal("A name and a password are shorter than that.", 413)
        form = parse_qs((await request.body()).decode(errors="replace"))
        name, password = (form.get(each, [""])[0] for each in ("username", "password"))
        name = name.strip()
        keys = ("name", name[:100]), _address(request)
        if (wait := self._tries.wait(*keys)) > 0:
            return _page(_too_many(wait), 429, {"Retry-After": str(wait)})
        self._tries.begin(*keys)
        # Hashing takes a core and 16 MB: many tries must not take up all cores.
        self._hashing = self._hashing or anyio.CapacityLimiter(2)
        right = await anyio.to_thread.run_sync(
            may_enter, self._users, name, password, limiter=self._hashing
        )
        if not right:
            return _page(_("Wrong name or password. Try again."), 401)
        self._tries.succeed(*keys)
        response: Response = PlainTextResponse("You are logged in.")
        if "text/html" in request.headers.get("accept", ""):  # A browser; programs want no page.
            response = RedirectResponse(f"./?{request.url.query}".rstrip("?"), 303)
        response.set_cookie(
            _cookie(request),
            self._begin(name),
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response

    def _begin(self, name: str) -> str:
        now = self._clock()
        self._sessions = {
            key: each for key, each in self._sessions.items() if now - each.used <= IDLE
        }
        while len(self._sessions) >= MOST:
            del self._sessions[next(iter(self._sessions))]
        token = secrets.token_urlsafe(32)
        self._sessions[token] = _Session(name, self._users[name].salt, now)
        return token

    def _log_out(self, connection: HTTPConnection) -> Response:
        self._sessions.pop(connection.cookies.get(_cookie(connection), ""), None)
        response = RedirectResponse("./", 303)
        response.delete_cookie(_cookie(connection), httponly=True, samesite="lax")
        return response


def _cookie(connection: HTTPConnection) -> str:
    """Return the cookie's name, with the port: browsers share cookies among a host's ports."""
    _host, port = connection.scope.get("server") or ("", 0)
    return f"footnoted-{port}"


def _address(connection: HTTPConnection) -> tuple[str, str]:
    return "address", connection.client.host if connection.client else ""


def content_length(headers: Headers) -> int | None:
    """Return a request's Content-Length; None if it has no valid one."""
    length = headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else None


def _too_many(wait: int) -> str:
    return ngettext(
        "Too many tries. Wait %(num)s seconds and try again.",
        "Too many tries. Wait %(num)s seconds and try again.",
        wait,
    )


def _page(told: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    html = draw("login.html", "login", told)
    return HTMLResponse(html, status, {"Cache-Control": "no-store", **(headers or {})})
