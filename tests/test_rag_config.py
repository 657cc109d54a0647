"""Settings: where they come from, which wins, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import UserError
from rag.config import Settings, load_settings, settings_file


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "footnoted.toml"
    path.touch()
    monkeypatch.setenv("FOOTNOTED_CONFIG", str(path))
    return path


def refused(**given: object) -> str:
    with pytest.raises(UserError) as caught:
        load_settings(**given)
    text = str(caught.value)
    assert "\n" not in text
    assert "pydantic" not in text
    assert text.endswith(".")
    return text


def test_the_defaults_need_neither_key_nor_network() -> None:
    settings = load_settings()
    assert (settings.llm_url, settings.llm_key, settings.chroma_url) == (None, None, None)
    assert settings.library.is_absolute()
    assert settings.quotes == 5


def test_arguments_win_over_the_environment_and_that_over_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('llm = "from-file"\nembedding = "from-file"\nquotes = 7\nlibrary = "/f"\n')
    assert load_settings().llm == "from-file"
    monkeypatch.setenv("FOOTNOTED_LLM", "from-environment")
    monkeypatch.setenv("FOOTNOTED_LIBRARY", "/e")
    settings = load_settings(library=Path("/a"), llm=None)
    assert settings.llm == "from-environment"
    assert settings.embedding == "from-file"
    assert settings.quotes == 7
    assert settings.library == Path("/a")


def test_an_unknown_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTED_LLMM", "x")
    text = refused()
    assert "no setting FOOTNOTED_LLMM" in text
    for name in Settings.model_fields:
        assert f"FOOTNOTED_{name.upper()}" in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("quotes", "many"),
        ("quotes", "0"),
        ("quotes", "21"),
        ("llm_timeout", "-1"),
        ("llm_url", "localhost:11434/v1"),
        ("chroma_url", "chroma"),
        ("chroma_url", "ftp://chroma:8000"),
        ("llm_url", "http://"),
        ("llm_url", "http://localhost:99999/v1"),
        ("chroma_url", "http://chroma:port"),
        ("chroma_url", "http://chro ma"),
    ],
)
def test_an_impossible_value_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"FOOTNOTED_{name.upper()}", value)
    assert f"The setting {name} " in refused()


def test_an_empty_address_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTED_LLM_URL", "")
    assert load_settings().llm_url is None


def test_a_file_that_is_named_must_be_there(file: Path) -> None:
    file.unlink()
    assert f"FOOTNOTED_CONFIG names {file}" in refused()


def test_the_usual_file_need_not_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOOTNOTED_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert settings_file() == tmp_path / "footnoted" / "footnoted.toml"
    assert load_settings().quotes == 5
    (tmp_path / "footnoted").mkdir()
    (tmp_path / "footnoted" / "footnoted.toml").write_text("quotes = 6\n")
    assert load_settings().quotes == 6


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"qoutes = 3\n", "There is no setting qoutes"),
        (b"quotes = [1, 2]\n", "quotes"),
        (b"llm = ", "{file}"),
        (b"\xff\xfe\x00", "{file}"),
        (None, "{file}"),
    ],
    ids=["unknown key", "impossible value", "no TOML", "no text", "folder"],
)
def test_a_bad_file_is_refused(file: Path, text: bytes | None, words: str) -> None:
    file.unlink()
    if text is None:
        file.mkdir()
    else:
        file.write_bytes(text)
    assert words.format(file=file) in refused()


def test_a_key_is_not_shown() -> None:
    assert "sesame" not in repr(load_settings(llm_key="sesame"))


def test_settings_are_not_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().quotes = 3
