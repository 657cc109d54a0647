"""Making the second reader's weights: the command, with numbers that stand for the model's."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from eval.lab.training.asked import __main__ as typed
from eval.lab.training.examples import load_squad
from eval.lab.training.second_reader import __main__ as training
from index.errors import UserError
from rag.writing.second_reader import FILE, SecondReader
from tests.lab.squad import write_squad


@pytest.fixture
def squad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Articles, with questions as people type them on three paragraphs of each."""
    path = write_squad(tmp_path)
    lines = []
    for article in load_squad(path):
        for number, paragraph in enumerate(article.paragraphs[:3]):
            start = paragraph.text.index("built by ") + len("built by ")
            sentence = paragraph.text.index("The", 5)
            questions = [
                {"question": "whos the builder", "words": [start, paragraph.text.index(".")]},
                {"question": "what did it cost"},
                {"question": "visitors?", "sentences": [[sentence, len(paragraph.text)]]},
            ]
            lines.append({"article": article.title, "paragraph": number, "questions": questions})
    file = tmp_path / "asked.jsonl.gz"
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    monkeypatch.setattr(typed, "ASKED", file)
    return path


TOLD = {
    "who built": "built by",
    "builder": "built by",
    "opened": "opened",
    "long": "metres",
    "visitors": "visitors",
}
"""What a question has, with what a text has that answers it."""


class Model:
    """Stands for the language model: its numbers say whether a text answers, and what does not
    matter."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.stops_after = 30

    def state(self, prompt: str) -> list[float]:
        if len(self.read) == self.stops_after:
            raise KeyboardInterrupt
        self.read.append(prompt)
        text, question = prompt.split("\n\n")
        answers = any(each in question and said in text for each, said in TOLD.items())
        return [float(answers), len(prompt) % 3, len(prompt) % 5]


@pytest.mark.weights
def test_it_learns_what_answers_and_goes_on_where_it_was_stopped(
    squad: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model, made = Model(), tmp_path / "made"
    monkeypatch.setattr(training, "_model", lambda: model)
    with pytest.raises(KeyboardInterrupt):
        training.main([str(made), "--squad", str(squad)])
    assert len(np.load(made / "squad.npy")) == training.KEPT_EVERY
    model.stops_after = 10_000
    assert training.main([str(made), "--squad", str(squad)]) == 0
    names = ("squad", "typed", "squad-held-out", "typed-held-out")
    kept = [(made / f"{name}.jsonl").read_text("utf-8").count("\n") for name in names]
    assert all(kept)
    assert len(model.read) == sum(kept) + 30 - training.KEPT_EVERY
    printed = capsys.readouterr().out
    assert "squad-held-out: AUC 1.000" in printed
    assert "typed-held-out: AUC 1.000" in printed
    reader = SecondReader(made / FILE)
    assert reader.log_odds([1.0, 1.0, 1.0]) > 0 > reader.log_odds([0.0, 1.0, 1.0])


def test_what_has_no_near_misses_is_told(squad: Path, tmp_path: Path) -> None:
    data = json.loads(squad.read_text("utf-8"))
    for article in data["data"]:
        for paragraph in article["paragraphs"]:
            paragraph["qas"] = [q for q in paragraph["qas"] if not q.get("is_impossible")]
    squad.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(UserError, match="too few questions or near-misses"):
        training.main([str(tmp_path / "made"), "--squad", str(squad)])
