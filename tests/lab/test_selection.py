"""Making the adapter that selects sentences, with a small model of the same form."""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch

from eval.lab.training.asked import __main__ as asked
from eval.lab.training.selection import __main__ as training
from eval.lab.training.selection import packed
from eval.lab.training.selection.packed import Packed
from eval.lab.training.standing_alone.adapter import load_tokenizer, model_file
from rag.writing.adapters.selection import FILE
from tests.lab.test_standing_alone import small_model

pytestmark = pytest.mark.llm  # Its tokenizer is needed.

TOWNS = ("Esker", "Tolm", "Varn", "Lund", "Brisk", "Ode", "Halme", "Norr", "Rell", "Garn")


def squad(town: str) -> dict[str, object]:
    """Return an article on the bridges of a town, in SQuAD's format."""
    texts = (
        f"The old bridge of {town} is 300 metres long. It was built by Edda Marrin.",
        f"The new bridge of {town} is red. A ferry crosses the river where it is wide.",
    )
    question = f"What is the colour of the new bridge of {town}?"
    start = texts[1].index("red")
    answers = [{"text": "red", "answer_start": start}]
    own = {"id": town, "question": question, "answers": answers}
    paragraphs = [{"context": texts[0], "qas": []}, {"context": texts[1], "qas": [own]}]
    return {"title": f"Bridges of {town}", "paragraphs": paragraphs}


def typed(town: str) -> list[dict[str, object]]:
    """Return lines of questions as people type them on that article."""
    at = len(town) + 22
    old = [
        {
            "question": f"how long is the old one in {town}",
            "words": [at, at + 10],
        },
        {"question": "who paid for it"},
        {"question": "tell me about it", "sentences": [[0, 40], [50, 70]]},
    ]
    new = [{"question": "colour of the new bridge", "words": [at, at + 3]}]
    title = f"Bridges of {town}"
    return [
        {"article": title, "paragraph": 0, "questions": old},
        {"article": title, "paragraph": 1, "questions": new},
    ]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file, lines = tmp_path / "squad.json", tmp_path / "asked.jsonl"
    file.write_text(json.dumps({"data": [*map(squad, TOWNS)]}), "utf-8")
    lines.write_text("\n".join(json.dumps(each) for town in TOWNS for each in typed(town)), "utf-8")
    monkeypatch.setattr(asked, "ASKED", lines)
    monkeypatch.setattr(training, "load_model", small_model)
    return file


def test_an_adapter_is_made_and_made_again(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(tmp_path / "one"), "--squad", str(data), "--epochs", "2"]
    assert training.main(given) == 0
    assert "all: AUC" in capsys.readouterr().out
    adapter, again = tmp_path / "one" / FILE, tmp_path / "one" / "again"
    learned = {each.name: each.data for each in gguf.GGUFReader(adapter).tensors}
    assert max(np.abs(each).max() for name, each in learned.items() if name.endswith("_b")) > 0
    adapter.rename(again)
    training.main(given)  # It goes on from its checkpoint.
    assert adapter.read_bytes() == again.read_bytes()


def test_each_question_has_the_numbers_of_the_sentences_that_answer_it(data: Path) -> None:
    tokenizer = load_tokenizer(model_file())
    learned, apart = training._examples(data, tokenizer)
    assert len(learned) + len(apart) == 2 * len(TOWNS)
    for old, new in zip(learned[::2], learned[1::2], strict=True):
        assert "[2] It was built by Edda Marrin." in tokenizer.decode(old.shared)
        wanted = [
            tokenizer.decode(asked[-count:]).removesuffix(tokenizer.eos_token)
            for each in (old, new)
            for asked, count in zip(each.asked, each.answers, strict=True)
        ]
        assert wanted == ["1", "none", "1 2", "none", "1", "1", "none"]


def test_no_question_of_a_paragraph_sees_another() -> None:
    model = small_model(Path())
    together = Packed(range(5, 15), [range(20, 26), range(40, 44)], [3, 2], ["typed"] * 2)
    alone = [
        Packed(together.shared, [asked], [answer], ["typed"])
        for asked, answer in zip(together.asked, together.answers, strict=True)
    ]
    logits, wanted = packed.written(model, [together, alone[0]])
    for at, each in enumerate(alone):
        own, of_own = packed.written(model, [each])
        assert torch.allclose(logits[at], own[0], atol=1e-5)
        assert torch.equal(wanted[at], of_own[0])
        tokens = torch.tensor([[*each.shared, *each.asked[0]]])
        whole = model(tokens).logits[0, -each.answers[0] - 1 : -1]
        assert torch.allclose(own[0], whole, atol=1e-5)
