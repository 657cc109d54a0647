"""Who may enter: the file of users."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from index.errors import UserError
from ui.entry.users import add_token, add_user, may_enter, owner_of, read_users


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


@pytest.mark.parametrize(
    ("name", "password", "told"),
    [
        ("a:b", "x", "A name is"),
        ("", "x", "A name is"),
        ("a\nb", "x", "A name is"),
        ("a", "", "empty"),
    ],
)
def test_what_is_no_user(tmp_path: Path, name: str, password: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        add_user(tmp_path / "users", name, password)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("ada:x\n", "line 1"),
        ("ada:?:?\n", "line 1"),
        ("ada::\n", "line 1"),
        ("ada:eA==:eA==:all\n", "line 1"),
        ("ada:eA==:eA==:add::\n", "line 1"),
    ],
)
def test_what_is_no_file_of_users(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "users"
    path.write_text(text)
    with pytest.raises(UserError, match=told):
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
