"""Who may enter: the file of users."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from index.errors import UserError
from ui.window.users import add_user, may_enter, read_users


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
    ("text", "told"), [("", "is empty"), ("ada:x\n", "line 1"), ("ada:?:?\n", "line 1")]
)
def test_what_is_no_file_of_users(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "users"
    path.write_text(text)
    with pytest.raises(UserError, match=told):
        read_users(path)
    with pytest.raises(UserError, match="cannot be read"):
        read_users(tmp_path / "none")
