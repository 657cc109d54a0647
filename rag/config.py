"""The settings, from environment variables or a file.

    FOOTNOTED_LLM=qwen2.5-coder-0.5b-instruct            an environment variable, or
    llm = "qwen2.5-coder-0.5b-instruct"                  a line of the settings file

The file is `footnoted.toml` in the user's configuration folder, or the one that FOOTNOTED_CONFIG
names. The environment wins. A setting that does not exist is an error, not a silent no-op.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from platformdirs import user_config_path, user_data_path
from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from index.errors import UserError, reason
from index.storage.database import Place, database, is_database
from index.weights.catalogue import (
    DEFAULT_EMBEDDING,
    DEFAULT_RERANKER,
    ENGLISH_READER,
    MULTILINGUAL,
    READER_OF_ALL,
)
from index.weights.download import default_models_directory
from index.weights.factory import Factory, is_factory

PREFIX = "FOOTNOTED_"


class Settings(BaseSettings):
    """All settings, with their defaults."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    library: Annotated[Place, NoDecode] = Field(
        default_factory=lambda: user_data_path("footnoted") / "library",
        description="the folder of the library, or a database: postgresql://USER@HOST/DATABASE",
    )
    libraries: Path | None = Field(
        None, description="the folder of all libraries; else the folder that `library` lies in"
    )
    databases: dict[str, Place] = Field(
        {}, description="libraries that lie elsewhere, by name: databases, and other folders"
    )
    readers: dict[str, list[str]] = Field(
        {}, description="who may read a library of the window, by its name; else everybody"
    )
    editors: dict[str, list[str]] = Field(
        {}, description="who of those may change it; else whoever has the right to"
    )
    models: Path = Field(
        default_factory=default_models_directory, description="the folder of the weights"
    )
    mirror: str | None = Field(
        None, description="a folder or an address with weights, from which they are fetched first"
    )
    embedding: str = Field(
        DEFAULT_EMBEDDING,
        description="a model of the catalogue, a folder, a hub name, or a factory: "
        "`package.module:factory`; “multilingual-e5-small” is for documents in any language",
    )
    reranker: str = Field(
        DEFAULT_RERANKER, description="a model of the catalogue, a folder, a hub name, or a factory"
    )
    llm: str = Field(
        "qwen2.5-coder-1.5b-instruct",
        description="a model of the catalogue, a GGUF file, “none”, a factory, "
        "or with llm_url the model's name there",
    )
    llm_url: str | None = Field(
        None, description="an OpenAI-compatible address, such as http://localhost:11434/v1"
    )
    llm_key: SecretStr | None = Field(None, description="the key for llm_url, if it needs one")
    llm_reads: Literal["sentences", "passages"] | None = Field(
        None,
        description="what longer answers are written from: the chosen “sentences”, or all of the "
        "best “passages”, up to eight sentences, as is usual with llm_url",
    )
    llm_timeout: float = Field(120, gt=0, description="seconds to wait for the next words")
    chroma_url: str | None = Field(
        None, description="a Chroma server that holds the vectors instead of the folder"
    )
    chroma_token: SecretStr | None = Field(
        None, description="the token for chroma_url, if what stands before it asks for one"
    )
    vectors: str | None = Field(
        None, description="a factory of the vector store that holds the vectors instead"
    )
    private_addresses: bool = Field(
        False, description="whether pages of this machine and of its network may be fetched"
    )
    log: Path | None = Field(
        None, description="a file to which a line is added for each thing that is asked or done"
    )
    log_text: bool = Field(
        False, description="whether these lines hold texts: questions, answers, names of documents"
    )
    language: Literal["en", "de", "es", "fr", "ru", "zh"] | None = Field(
        None, description="the language of the program's words; else the browser's or terminal's"
    )
    sentences: int = Field(10, ge=1, le=10, description="how many sentences an answer has at most")
    quotes: int = Field(5, ge=1, le=20, description="how many quotes are read for an answer")

    @property
    def writes(self) -> bool:
        """Whether a language model writes: at an address, it may have any name."""
        return self.llm_url is not None or self.llm != "none"

    @property
    def llm_reads_passages(self) -> bool:
        """Whether longer answers are written from whole passages, which needs a strong model."""
        return (self.llm_reads or ("passages" if self.llm_url else "sentences")) == "passages"

    @property
    def cross_encoder(self) -> str:
        """The cross-encoder that scores quotes: `reranker`, or the default if that is a factory."""
        return self._read_by[0] if self.factory("reranker") else self.reranker

    @property
    def reader(self) -> str:
        """The model that reads the quotes: the one for English, or the one for all languages."""
        return self._read_by[1]

    @property
    def _read_by(self) -> tuple[str, str]:
        """The cross-encoder and the reader that go with the embedding."""
        if self.embedding == MULTILINGUAL:
            return READER_OF_ALL, READER_OF_ALL
        return DEFAULT_RERANKER, ENGLISH_READER

    def factory(self, name: str) -> Factory | None:
        """Return the factory (code of the user's own) that a setting names, if it names one.

        With `llm_url`, `llm` is always the name of a model at that address, such as
        "llama3:latest".

        Raises UserError if a factory is named anywhere but in the environment or the settings file.
        """
        value, variable = getattr(self, name), PREFIX + name.upper()
        if not value or not is_factory(value) or (name == "llm" and self.llm_url):
            return None
        if getattr(load_settings(), name) != value:
            raise UserError(
                f"Code of your own ({value}) can be named only by {variable} and in the settings "
                "file: name it there."
            )
        return Factory(variable, value)

    def may_read(self, user: str, library: str) -> bool:
        """Whether a user of the window may read a library: all may, unless `readers` names some."""
        named = self.readers.get(library)
        return named is None or user in named

    def may_change(self, user: str, library: str) -> bool:
        """Whether `readers` and `editors` let a user change a library; roles are checked apart."""
        named = self.editors.get(library)
        return self.may_read(user, library) and (named is None or user in named)

    @model_validator(mode="before")
    @classmethod
    def _read_as_searched(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Default to the reranker for all languages if the embedding is the one for all."""
        if given.get("embedding") == MULTILINGUAL:
            return {"reranker": READER_OF_ALL} | given
        return given

    @field_validator("databases", mode="before")
    @classmethod
    def _are_places(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {name: cls._is_place(place) for name, place in value.items()}

    @field_validator("library", mode="before")
    @classmethod
    def _is_place(cls, value: object) -> object:
        if isinstance(value, Path) and is_database(str(value)):
            raise ValueError("a database's address is a text, which a Path changes")
        if not isinstance(value, str) or not is_database(value):
            return value
        try:
            return database(value)
        except UserError as error:
            raise ValueError(str(error).rstrip(".")) from None

    @field_validator("llm_url", "chroma_url")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value and not is_address(value):
            raise ValueError("it is not an address such as http://localhost:8000")
        return value or None

    @field_validator("vectors")
    @classmethod
    def _is_factory(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and not is_factory(value):
            raise ValueError("it is not a factory such as package.module:factory")
        if value and info.data.get("chroma_url"):
            raise ValueError("chroma_url names another place for the vectors: unset one of the two")
        return value or None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let arguments win over the environment, and the environment over the file."""
        file = InitSettingsSource(settings_cls, init_kwargs=_file_settings())
        return init_settings, env_settings, file


def is_address(text: str) -> bool:
    """Whether a text is an http(s) address with a host and, if it has a port, a possible one."""
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # The port is not a number, or too high.
        return False
    return known and not re.search(r"\s", text)


def load_settings(**given: Any) -> Settings:
    """Read the settings; arguments that are not None win.

    Raises UserError, which names the setting, for a setting that does not exist or has an
    impossible value.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {PREFIX + "CONFIG"}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise UserError(
            f"There is no setting {unknown[0]}. The settings are: {', '.join(sorted(known))}."
        )
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            there = ", ".join(sorted(Settings.model_fields))
            raise UserError(f"There is no setting {name}. The settings are: {there}.") from error
        reason = first["msg"].removeprefix("Value error, ")
        raise UserError(f"The setting {name} cannot be used: {reason}.") from error


def settings_file() -> Path:
    """Return the path of the settings file: FOOTNOTED_CONFIG, or the usual place."""
    named = os.environ.get(PREFIX + "CONFIG")
    return Path(named) if named else user_config_path("footnoted") / "footnoted.toml"


def _file_settings() -> dict[str, object]:
    path = settings_file()
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if os.environ.get(PREFIX + "CONFIG"):
            raise UserError(f"FOOTNOTED_CONFIG names {path}, which is not there.") from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"The settings file {path} cannot be read: {reason(error)}.") from error
