"""LlamaIndex's embeddings, rerankers, language models and vector stores at work in Footnoted."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from index.errors import LibraryError, UserError
from index.library import Library
from index.loading.load import load_bytes
from index.storage.database import database
from index.upkeep.proof import prove
from index.weights.factory import Factory, is_factory
from index.weights.foreign import ForeignEmbedding, load_order
from rag.answer import Answer
from rag.assistant import Assistant
from rag.config import Settings, load_settings
from rag.finding.quotes import CANDIDATES, select_quotes
from rag.finding.rerank import Reranker, reranker_of
from rag.opening import embedding_of, open_library
from rag.writing.failures import LLMUnavailable
from rag.writing.llm import Writer
from rag.writing.loading import load_writer
from tests import foreign
from tests.browser import OFF_TOPIC, SUMMIT
from tests.commands import Footnoted
from ui.panels.events import Rights
from ui.panels.settings import ADDRESS, SettingsForm

WHALES = load_bytes(b"Whales are large sea mammals. Whales sing in the deep.", "whales.txt")
TRAINS = load_bytes(b"The night train leaves at ten. Sleepers are booked early.", "trains.txt")
BREAD = load_bytes(b"The baker bakes rye bread before sunrise.", "bread.txt")

ROOT = Path(__file__).parents[1]
OpenWith = Callable[..., Library]


def factory(setting: str, name: str) -> Factory:
    return Factory(f"FOOTNOTED_{setting}", f"tests.foreign:{name}")


@pytest.fixture
def open_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenWith:
    """Open the same library with a vector store, or with Chroma."""
    (tmp_path / "stores").mkdir()
    monkeypatch.setenv(foreign.FOLDER, str(tmp_path / "stores"))
    embedding = ForeignEmbedding(factory("EMBEDDING", "embedding"))

    def opened(store: str | None, *, check: bool = True) -> Library:
        return Library(
            tmp_path / "library",
            embedding_name="tests.foreign:embedding",
            embedding=lambda: embedding,
            vectors=factory("VECTORS", store) if store else None,
            check=check,
        )

    return opened


def near(library: Library, words: str, exclude: tuple[str, ...] = ()) -> list[str]:
    """Return the documents that the vectors find, nearest first."""
    vector = library.embed((words,))[0].tolist()
    return [document_id for document_id, _ in library.vectors().nearest(vector, 5, exclude)]


# --- vector stores


@pytest.mark.parametrize("store", ["simple", "chroma"])
def test_a_library_lives_in_a_store_of_llamaindex(open_with: OpenWith, store: str) -> None:
    library = open_with(store)
    for each in (WHALES, TRAINS, BREAD):
        assert library.add(each).outcome == "added"
    assert near(library, "whales sing")[0] == WHALES.id
    assert library.search("When does the train leave?", 1)[0].document.id == TRAINS.id
    assert WHALES.id not in near(library, "whales sing", (WHALES.id,))
    assert set(library.vectors().keys()) == {(each.id, 0) for each in (WHALES, TRAINS, BREAD)}
    library.remove(WHALES.id)
    assert WHALES.id not in near(library, "whales sing")
    again = open_with(store)
    assert near(again, "rye bread")[0] == BREAD.id
    assert again.reindex(lambda *_: None).documents == 2
    assert sorted(near(again, "rye bread")) == sorted([BREAD.id, TRAINS.id])
    assert near(open_with(store), "night train")[0] == TRAINS.id
    assert not list(again.folder.glob("vectors-*"))


def test_one_program_sees_what_another_has_changed(open_with: OpenWith) -> None:
    one, other = open_with("simple"), open_with("simple")
    one.add(WHALES)
    assert near(other, "whales") == [WHALES.id]
    one.add(TRAINS)
    assert sorted(near(other, "whales")) == sorted([WHALES.id, TRAINS.id])


def test_a_store_that_returns_its_nodes_is_checked(open_with: OpenWith) -> None:
    library = open_with("simple")
    library.add(WHALES)
    proof = prove(library)
    assert (proof.documents, proof.vectors, proof.faults) == (1, 1, ())
    [row] = library.vectors().read([(WHALES.id, 0)]).values()
    assert np.linalg.norm(row) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("store", "reason"), [("in_memory", "cannot list its vectors"), ("chroma", "cannot return its")]
)
def test_a_store_that_cannot_be_checked_says_so(
    open_with: OpenWith, store: str, reason: str
) -> None:
    library = open_with(store)
    library.add(WHALES)
    [fault] = prove(library).faults
    assert reason in fault.text
    assert "Answers do not need that" in fault.text
    assert library.search("whales", 1)


def test_a_library_belongs_to_its_store(open_with: OpenWith) -> None:
    open_with(None).add(WHALES)
    with pytest.raises(LibraryError, match=r"and unset FOOTNOTED_VECTORS\.$"):
        open_with("simple")
    moved = open_with("simple", check=False)
    moved.reindex(lambda *_: None)
    assert near(moved, "whales") == [WHALES.id]
    with pytest.raises(LibraryError, match=r"and FOOTNOTED_VECTORS=tests.foreign:simple\.$"):
        open_with("chroma")
    open_with(None, check=False).reindex(lambda *_: None)
    assert near(open_with(None), "whales") == [WHALES.id]


def test_a_library_without_a_store_has_the_fingerprint_that_it_had(open_with: OpenWith) -> None:
    assert '"vectors"' not in open_with(None).fingerprint
    assert "tests.foreign:embedding" in open_with("simple").fingerprint
    assert open_with("simple").fingerprint != open_with("chroma").fingerprint


@pytest.mark.usefixtures("no_pauses")
def test_what_a_store_has_lost_is_said(open_with: OpenWith) -> None:
    open_with("in_memory").add(WHALES)
    with pytest.raises(LibraryError, match=r"holds no vectors of the library.*footnoted reindex"):
        open_with("in_memory").search("whales", 1)


@pytest.mark.parametrize(
    ("store", "reason"), [("numbering", "does not keep the ids"), ("gone", "has no attribute")]
)
def test_a_store_that_cannot_be_used_is_found_with_the_first_document(
    open_with: OpenWith, store: str, reason: str
) -> None:
    library = open_with(store)
    with pytest.raises(UserError, match=reason) as caught:
        library.add(WHALES)
    assert "\n" not in str(caught.value)
    assert library.is_empty
    other = open_with("simple", check=False)
    if other.exists:
        other.reindex(lambda *_: None)
    assert other.add(WHALES).outcome == "added"


def test_a_store_of_its_own_for_each_name_is_needed(open_with: OpenWith) -> None:
    library = open_with("shared")
    library.add(WHALES)
    with pytest.raises(LibraryError, match="is not empty for the name vectors-"):
        library.reindex(lambda *_: None)
    assert near(open_with("shared"), "whales") == [WHALES.id]


def test_what_a_store_cannot_do_is_one_sentence(open_with: OpenWith) -> None:
    library = open_with("lasting")
    library.add(WHALES)
    with pytest.raises(LibraryError, match="cannot delete vectors: nothing can be deleted here"):
        library.remove(WHALES.id)


@pytest.mark.parametrize(
    ("setting", "given"),
    [
        ("FOOTNOTED_VECTORS", {"vectors": factory("VECTORS", "simple")}),
        ("FOOTNOTED_CHROMA_URL", {"server": "http://127.0.0.1:9"}),
    ],
)
def test_a_database_has_its_own_vectors(setting: str, given: dict[str, Any]) -> None:
    place = database("postgresql://h/b")
    with pytest.raises(LibraryError, match=f"unset {setting}"):
        Library(place, embedding_name="e", embedding=lambda: pytest.fail("not used"), **given)


# --- embeddings


def test_an_embedding_is_scaled() -> None:
    model = ForeignEmbedding(factory("EMBEDDING", "embedding"))
    rows = np.array(
        [*model.get_text_embedding_batch(["a b b", "c"]), model.get_query_embedding("c")]
    )
    assert np.allclose(np.linalg.norm(rows, axis=1), 1)
    assert np.allclose(rows[1], rows[2])
    assert model.get_text_embedding_batch([]) == []


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("refusing", "a", "the quota is used up"),
        ("embedding", "", "does not return a vector of non-zero length"),
    ],
)
def test_an_embedding_that_fails_is_one_sentence(name: str, text: str, message: str) -> None:
    model = ForeignEmbedding(factory("EMBEDDING", name))
    for ask in (
        lambda: model.get_query_embedding(text),
        lambda: model.get_text_embedding_batch([text]),
    ):
        with pytest.raises(UserError, match=f"{message}.*FOOTNOTED_EMBEDDING"):
            ask()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tests.foreign:nothing", "returns no LlamaIndex embedding"),
        ("tests.foreign:reranker", "returns no LlamaIndex embedding"),
        ("tests.foreign:missing", "has no attribute"),
        ("tests.nowhere:embedding", "No module named.*PYTHONPATH"),
    ],
)
def test_a_factory_that_makes_no_embedding_says_why(name: str, message: str) -> None:
    with pytest.raises(UserError, match=rf"FOOTNOTED_EMBEDDING names {name}.*{message}"):
        ForeignEmbedding(Factory("FOOTNOTED_EMBEDDING", name))


# --- rerankers


def test_a_reranker_gives_an_order() -> None:
    order = load_order(factory("RERANKER", "reranker"))
    assert order("Who?", ["a", "b", "c"], [3.0, 2.0, 1.0]) == [2, 1]
    with pytest.raises(UserError, match=r"The reranker tests\.foreign:renaming fails"):
        load_order(factory("RERANKER", "renaming"))("Who?", ["a"], [1.0])


def test_what_a_reranker_leaves_out_comes_behind(tmp_path: Path) -> None:
    by_scores = Reranker("none", tmp_path)
    assert by_scores.ranking("Who?", ["a", "b", "c", "d"], [1.0, 3.0, 3.0, 2.0]) == [1, 2, 3, 0]
    own = Reranker("none", tmp_path, lambda: load_order(factory("RERANKER", "reranker")))
    assert own.ranking("Who?", ["a", "b", "c", "d"], [1.0, 3.0, 3.0, 2.0]) == [3, 2, 1, 0]
    assert own.ranking("Who?", [], []) == []


@pytest.mark.weights
def test_a_reranker_orders_passages_and_our_own_scores_quotes(
    briefed: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTED_RERANKER", "tests.foreign:reranker")
    settings = load_settings()
    own = reranker_of(settings)
    own.load()
    assert own.name == settings.cross_encoder == briefed.reranker.name
    hits = briefed.library.search(SUMMIT, CANDIDATES)
    ranked = select_quotes(hits, own, SUMMIT, 5)
    there = [hit for hit in hits if hit.passage.sentences]
    assert list(ranked.passages[:2]) == there[:-3:-1]
    before = select_quotes(hits, briefed.reranker, SUMMIT, 20)
    known = {quote.span: quote.score for quote in before.quotes}
    same = [quote for quote in ranked.quotes if quote.span in known]
    assert same
    assert all(quote.score == pytest.approx(known[quote.span]) for quote in same)


# --- language models


def writer(monkeypatch: pytest.MonkeyPatch, name: str) -> Writer:
    monkeypatch.setenv("FOOTNOTED_LLM", f"tests.foreign:{name}")
    made = load_writer(load_settings())
    assert made
    return made


@pytest.mark.parametrize("name", ["llm", "whole"])
def test_a_language_model_writes_from_messages_alone(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    made = writer(monkeypatch, name)
    said = "".join(made.write([("It was held on Dec. 15.", "Dec. 15")], "When was it held?"))
    assert said.strip() == foreign.WRITTEN
    assert made.none_probability("It was held on Dec. 15.", "When?") == 0.0
    assert made.name == f"tests.foreign:{name}"
    assert writer(monkeypatch, name).llm is made.llm, "it may be large, and is loaded once"


def test_a_language_model_that_fails_is_told_without_its_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(LLMUnavailable) as caught:
        writer(monkeypatch, "failing").none_probability("A quote.", "When?")
    assert str(caught.value) == (
        "The language model tests.foreign:failing does not answer: the key … is wrong see the log."
    )
    with pytest.raises(LLMUnavailable, match="returns no LlamaIndex LLM"):
        writer(monkeypatch, "embedding")


@pytest.mark.weights
def test_all_of_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, briefed: Assistant
) -> None:
    monkeypatch.setenv(foreign.FOLDER, str(tmp_path))
    for setting, name in {
        "EMBEDDING": "embedding",
        "RERANKER": "reranker",
        "LLM": "llm",
        "VECTORS": "simple",
    }.items():
        monkeypatch.setenv(f"FOOTNOTED_{setting}", f"tests.foreign:{name}")
    assistant = Assistant(load_settings(library=tmp_path / "library"))
    [entry] = briefed.library.entries()
    assistant.library.add(briefed.library.document(entry.id))
    # Nothing is written unless it is sure which words answer: of SUMMIT it is not, in what this
    # reranker puts first.
    answer = assistant.ask("On which day was the video summit of Putin and Xi?")
    assert isinstance(answer, Answer)
    assert "Dec. 15" in answer.text
    assert all(c.document.text[c.start : c.end] == c.text for c in answer.citations)
    assert answer.models == {
        "embedding": "tests.foreign:embedding",
        "reranker": "tests.foreign:reranker",
        "llm": "tests.foreign:llm",
    }
    assert assistant.ask(OFF_TOPIC).refused
    who = assistant.ask("Who are you, and which model writes your answers?").text
    assert "this machine" not in who


# --- who may name code


TRAP = """
from pathlib import Path
Path(__file__).with_suffix(".sprung").touch()
def make(*given):
    raise RuntimeError("it was run")
"""


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that leaves a file behind when it is imported."""
    (tmp_path / "footnoted_trap.py").write_text(TRAP, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path / "footnoted_trap.sprung"


USES: dict[str, Callable[[Settings], object]] = {
    "embedding": lambda settings: embedding_of(settings)(),
    "reranker": reranker_of,
    "llm": load_writer,
    "vectors": open_library,
}


@pytest.mark.parametrize("name", USES)
def test_only_the_environment_and_the_settings_file_name_code(
    trap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    value = "footnoted_trap:make"
    given = load_settings(library=tmp_path / "library", **{name: value})
    changed = load_settings(library=tmp_path / "library").model_copy(update={name: value})
    for settings in (given, changed):
        with pytest.raises(UserError, match=f"named only by FOOTNOTED_{name.upper()} and in the"):
            USES[name](settings)
    file = tmp_path / "footnoted.toml"
    file.write_text(f'{name} = "{value}"\n', "utf-8")
    monkeypatch.setenv("FOOTNOTED_CONFIG", str(file))
    assert load_settings().factory(name) == Factory(f"FOOTNOTED_{name.upper()}", value)
    monkeypatch.setenv("FOOTNOTED_CONFIG", str(file.with_suffix(".empty")))
    file.with_suffix(".empty").touch()
    monkeypatch.setenv(f"FOOTNOTED_{name.upper()}", value)
    assert load_settings(library=tmp_path / "library").factory(name)
    assert not trap.exists(), "naming it does not run it"


def test_a_visitor_names_a_model_at_an_address_and_no_code(trap: Path, settings: Settings) -> None:
    with gr.Blocks():
        form = SettingsForm(Assistant(settings), Rights())
    for model in (ADDRESS, "footnoted_trap:make"):
        changed = form.set(None, model, "http://127.0.0.1:9/v1", "footnoted_trap:make", "", 5, 5)
        asked = changed.get(form.configured)
        if model == ADDRESS:
            assert asked.settings.factory("llm") is None
            assert asked.writer.elsewhere
        else:
            assert asked is None
    assert not trap.exists()


@pytest.mark.parametrize("option", ["--library", "--models"])
def test_an_option_names_no_code(
    trap: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    footnoted: Footnoted,
    option: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    command = {"--library": ["list"], "--models": ["models", "list"]}[option]
    done = footnoted(*command, option, "footnoted_trap:make")
    assert "it was run" not in done.stderr
    assert not trap.exists()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("mine:embedding", True),
        ("package.module:factory", True),
        ("llama3:latest", True),
        ("qwen2.5:1.5b", False),
        ("/models/a:b", False),
        ("org/name", False),
        ("C:\\models", False),
        ("a:b:c", False),
        ("none", False),
        ("a.:b", False),
    ],
)
def test_what_names_a_factory(value: str, expected: bool) -> None:
    assert is_factory(value) is expected


def test_a_models_name_at_an_address_is_no_factory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTED_LLM", "llama3:latest")
    assert load_settings().factory("llm")
    assert load_settings(llm_url="http://127.0.0.1:9/v1").factory("llm") is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"vectors": "vectors"}, "not a factory such as package.module:factory"),
        ({"vectors": "a:b", "chroma_url": "http://127.0.0.1:9"}, "unset one of the two"),
    ],
)
def test_an_impossible_store_is_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_settings(**given)
    assert load_settings(vectors="").vectors is None


def test_nothing_is_imported_before_it_is_used(trap: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from rag.assistant import Assistant; from rag.config import load_settings\n"
        "with Assistant(load_settings()) as assistant: print(assistant.library.entries())\n"
        "print({'llama_index.core', 'footnoted_trap'} & set(sys.modules))"
    )
    settings = ("EMBEDDING", "RERANKER", "LLM", "VECTORS")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={
            **os.environ,
            **{f"FOOTNOTED_{name}": "footnoted_trap:make" for name in settings},
            "FOOTNOTED_LIBRARY": str(tmp_path / "library"),
            "PYTHONPATH": str(trap.parent),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\nset()\n"


def test_the_store_of_the_page_for_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "programs.md").read_text("utf-8")
    [_, rest] = page.split("This is a file `mine.py`:\n\n")
    lines = textwrap.dedent(rest.split("\n\n")[0])
    (tmp_path / "footnoted_mine.py").write_text(lines, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANONYMIZED_TELEMETRY", "False")
    embedding = ForeignEmbedding(factory("EMBEDDING", "embedding"))
    library = Library(
        tmp_path / "library",
        embedding_name="e",
        embedding=lambda: embedding,
        vectors=Factory("FOOTNOTED_VECTORS", "footnoted_mine:vectors"),
    )
    library.add(WHALES)
    assert near(library, "whales") == [WHALES.id]
