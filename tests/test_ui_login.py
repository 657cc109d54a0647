"""Who is let in: by a password, with a session that ends, or by a token; and how often is tried."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from index.errors import UserError
from tests.faults import Faults
from ui.entry import login
from ui.entry.login import FREE_BY_ADDRESS, FREE_BY_NAME, IDLE, LONGEST_WAIT, Login, Tries, who
from ui.entry.users import User, add_token, add_user, may_enter, owner_of, read_users

PASSWORD = "correct horse"

OpenClient = Callable[..., TestClient]


@dataclass
class Clock:
    """A time that passes when it is told to."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, User], str]:
    """Two users, and the token of one of them."""
    path = tmp_path_factory.mktemp("users") / "users"
    add_user(path, "ada", PASSWORD)
    add_user(path, "bo", "another")
    token = add_token(path, "ada")
    return read_users(path), token


@pytest.fixture
def open_client(known: tuple[dict[str, User], str], clock: Clock) -> OpenClient:
    """Give clients of one server, which says to each who it is."""

    def name(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"the library, for {who(request)}")

    routes = [Route("/{path:path}", name, methods=["GET", "POST"])]
    app = Login(Starlette(routes=routes), known[0], clock)

    def opened(address: str = "192.0.2.1") -> TestClient:
        return TestClient(app, client=(address, 1), follow_redirects=False)

    return opened


def log_in(
    client: TestClient, name: str = "ada", password: str = PASSWORD, path: str = "/login"
) -> httpx.Response:
    form = {"username": name, "password": password}
    return client.post(path, data=form, headers={"accept": "text/html"})


def is_in(client: TestClient) -> bool:
    answered = client.get("/config")
    assert (answered.status_code == 200) == ("the library" in answered.text)
    return answered.status_code == 200


def test_nobody_is_shown_anything_but_the_login(open_client: OpenClient) -> None:
    client = open_client()
    page = client.get("/?document=1")
    assert (page.status_code, page.headers["content-type"][:9]) == (401, "text/html")
    assert '<form method="post">' in page.text
    assert "<script" not in page.text
    for path in ("/config", "/login", "/logout", "/assets/x.js", "/gradio_api/info", "/x"):
        assert client.get(path).status_code == 401
    assert client.post("/gradio_api/queue/join", json={}).status_code == 401


def test_a_password_opens_the_page_that_was_asked_for(open_client: OpenClient) -> None:
    client = open_client()
    found = log_in(client, path="/?document=1&span=2-3")
    assert (found.status_code, found.headers["location"]) == (303, "./?document=1&span=2-3")
    cookie = found.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert client.get("/config").text == "the library, for ada"
    assert not is_in(open_client())


def test_who_logs_out_is_out_and_others_stay(open_client: OpenClient) -> None:
    here, there = open_client(), open_client()
    log_in(here)
    log_in(there)
    kept = dict(here.cookies)
    assert here.post("/logout").status_code == 303
    assert not here.cookies
    here.cookies.update(kept)
    assert not is_in(here), "the session itself has ended"
    assert is_in(there)


def test_a_session_ends_when_it_is_not_used(open_client: OpenClient, clock: Clock) -> None:
    client = open_client()
    log_in(client)
    for _ in range(3):
        clock.now += IDLE - 1
        assert is_in(client)
    clock.now += IDLE + 1
    assert not is_in(client)


def test_sessions_and_tries_do_not_grow_without_end(
    open_client: OpenClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "MOST", 3)
    clients = [open_client() for _ in range(5)]
    for client in clients:
        log_in(client)
    assert [is_in(client) for client in clients] == [False, False, True, True, True]
    tries = Tries(clock)
    for number in range(10):
        clock.now += 1
        tries.begin(("name", str(number)))
    assert len(tries._failed) == 3
    assert ("name", "9") in tries._failed


@pytest.mark.faults
def test_tries_are_bounded(open_client: OpenClient, clock: Clock, faults: Faults) -> None:
    for net, kind in enumerate(("a name", "no name", "an address")):
        with faults.trying("logins", f"many passwords for {kind}", harm="let in"):
            free = FREE_BY_ADDRESS if kind == "an address" else FREE_BY_NAME
            for number in range(free):
                at = f"192.0.{net}.{0 if kind == 'an address' else number}"
                name = {"a name": "ada", "no name": "eve"}.get(kind, f"user{number}")
                assert log_in(open_client(at), name, f"wrong {number}").status_code == 401
            refused = log_in(open_client(at), name, PASSWORD)
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
            assert "Wait 1 seconds" in refused.text
            assert "set-cookie" not in refused.headers
            for wait in (1, 2, 4):
                clock.now += wait
                assert log_in(open_client(at), name, "wrong").status_code == 401
                held = log_in(open_client(at), name, "wrong")
                assert (held.status_code, held.headers["retry-after"]) == (429, str(2 * wait))
            for _ in range(20):
                clock.now += LONGEST_WAIT
                assert log_in(open_client(at), name, "wrong").status_code == 401
            assert log_in(open_client(at), name).headers["retry-after"] == str(int(LONGEST_WAIT))
    clock.now += LONGEST_WAIT
    assert log_in(open_client("192.0.2.3")).status_code == 303, "the right one is let in after it"
    assert log_in(open_client("192.0.2.3"), password="wrong").status_code == 401, "and all is free"


@pytest.mark.faults
def test_own_logins_do_not_free_an_address(open_client: OpenClient, faults: Faults) -> None:
    with faults.trying("logins", "guesses between own logins", harm="let in"):
        told = []
        for number in range(FREE_BY_ADDRESS + 5):
            assert log_in(open_client(), "bo", "another").status_code in (303, 429)
            told.append(log_in(open_client(), f"user{number}", "guess").status_code)
        assert told[-1] == 429


@pytest.mark.faults
def test_what_is_no_login(
    open_client: OpenClient, known: tuple[dict[str, User], str], faults: Faults
) -> None:
    token = known[1]
    headers = {
        "no token": "Bearer",
        "an empty token": "Bearer ",
        "a wrong token": "Bearer x",
        "a shortened token": f"Bearer {token[:-1]}",
        "a longer token": f"Bearer {token}x",
        "another scheme": f"Basic {token}",
        "the hash of a token": f"Bearer {known[0]['ada'].token.hex()}",
    }
    for fault, header in faults.some(list(headers.items())):
        with faults.trying("logins", fault, harm="let in"):
            found = open_client().get("/config", headers={"authorization": header})
            assert found.status_code == 401
            assert found.headers["www-authenticate"] == "Bearer"
    forms: dict[str, dict[str, object]] = {
        "no fields": {"data": {}},
        "JSON": {"json": {"username": "ada", "password": PASSWORD}},
        "a password of a megabyte": {"data": {"username": "ada", "password": "x" * 2**20}},
        "a file": {"files": {"password": b"x"}, "data": {"username": "ada"}},
        "another name in other letters": {"data": {"username": "ADA", "password": PASSWORD}},
        "a name with its end": {"data": {"username": "ada\0", "password": PASSWORD}},
        "another's password": {"data": {"username": "ada", "password": "another"}},
    }
    for fault, form in faults.some(list(forms.items())):
        with faults.trying("logins", fault, harm="let in"):
            client = open_client(f"192.0.2.{len(fault)}")
            assert client.post("/login", **form).status_code in (400, 401, 413)  # type: ignore[arg-type]
            assert not is_in(client)
    for fault in faults.some(["", "x", "0" * 43]):
        with faults.trying("logins", f"the cookie {fault!r}", harm="let in"):
            client = open_client()
            client.cookies.update({"footnoted-80": fault})
            assert not is_in(client)


def test_a_token_speaks_for_its_user(
    open_client: OpenClient, known: tuple[dict[str, User], str], clock: Clock
) -> None:
    client = open_client()
    right = {"authorization": f"Bearer {known[1]}"}
    assert client.get("/config", headers=right).text == "the library, for ada"
    told = [
        client.get("/config", headers={"authorization": f"Bearer {number}"}).status_code
        for number in range(FREE_BY_ADDRESS + 1)
    ]
    assert told == [401] * FREE_BY_ADDRESS + [429]
    assert client.get("/config", headers=right).status_code == 200, "a right one need not wait"


# --- the file of users


def test_users_are_added_and_let_in(tmp_path: Path) -> None:
    path = tmp_path / "users"
    add_user(path, "ada", "correct horse")
    add_user(path, "bo", "x")
    users = read_users(path)
    assert may_enter(users, "ada", "correct horse")
    assert may_enter(users, "bo", "x")
    for name, password in (("ada", "x"), ("bo", ""), ("nobody", "x"), ("", "")):
        assert not may_enter(users, name, password)
    assert "horse" not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    add_user(path, "bo", "y")
    assert [may_enter(read_users(path), "bo", each) for each in ("x", "y")] == [False, True]


def test_what_is_no_user(tmp_path: Path) -> None:
    for name in ("a:b", "", "a\nb"):
        with pytest.raises(UserError, match="A name is"):
            add_user(tmp_path / "users", name, "x")
    with pytest.raises(UserError, match="empty"):
        add_user(tmp_path / "users", "a", "")


@pytest.mark.parametrize(
    "line", ["", "ada:x", "ada:?:?", "ada::", "ada:eA==:eA==:all", "ada:eA==:eA==:add::"]
)
def test_what_is_no_file_of_users(tmp_path: Path, line: str) -> None:
    path = tmp_path / "users"
    path.write_text(f"{line}\n" if line else "")
    with pytest.raises(UserError, match="line 1" if line else "is empty"):
        read_users(path)
    with pytest.raises(UserError, match=r"There is no users file .*none: `footnoted user NAME"):
        read_users(tmp_path / "none")
    with pytest.raises(UserError, match="cannot be read"):
        read_users(tmp_path)


def test_rights_are_kept_and_nobody_has_them_unasked(tmp_path: Path) -> None:
    path = tmp_path / "users"
    add_user(path, "ada", "x", "fetch, add")
    add_user(path, "bo", "x")
    assert {name: user.may for name, user in read_users(path).items()} == {
        "ada": {"add", "fetch"},
        "bo": set(),
    }
    assert add_user(path, "ada", "y").may == {"add", "fetch"}, "a new password changes none"
    assert add_user(path, "ada", "y", "read").may == set()
    with pytest.raises(UserError, match="There is no right 'all'"):
        add_user(path, "ada", "y", "all")
    old = tmp_path / "old"
    old.write_text(":".join(path.read_text().split("\n")[0].split(":")[:3]) + "\n")
    assert may_enter(read_users(old), "ada", "y"), "a file of three fields is read"
    assert read_users(old)["ada"].may == set()


def test_a_token_is_its_owners_until_there_is_another(tmp_path: Path) -> None:
    path = tmp_path / "users"
    add_user(path, "ada", "x", "add")
    add_user(path, "bo", "x")
    first = add_token(path, "ada")
    assert owner_of(read_users(path), first) == "ada"
    assert first not in path.read_text()
    assert read_users(path)["ada"].may == {"add"}
    second = add_token(path, "ada")
    assert [owner_of(read_users(path), each) for each in (first, second)] == [None, "ada"]
    add_user(path, "ada", "y")
    assert [owner_of(read_users(path), each) for each in (second, "")] == [None, None]
    with pytest.raises(UserError, match="There is no eve"):
        add_token(path, "eve")
