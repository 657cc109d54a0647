"""Making the adapter that writes messages so that they stand alone, with a small model of the
same form."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from types import ModuleType

import gguf
import numpy as np
import pytest
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from eval.lab.training.standing_alone import __main__ as training
from eval.lab.training.standing_alone import first as first_messages
from eval.lab.training.standing_alone.adapter import (
    FIRST,
    MATRICES,
    RANK,
    Example,
    Learned,
    adapt,
    loss,
)
from rag.languages import content_words
from rag.writing.adapters.standing_alone import FILE, FIRST_FILE, REQUESTS_FILE

pytestmark = pytest.mark.llm  # Its tokenizer is needed.

TALKS = [
    {
        "title": f"The bridge of {town}",
        "turns": [
            {"user": f"who built the bridge of {town}", "alone": f"who built the bridge of {town}"},
            {"user": "nice. how long is it", "alone": f"How long is the bridge of {town}?"},
        ],
    }
    for town in ("Esker", "Tolm", "Varn", "Lund", "Brisk", "Ode", "Halme", "Norr", "Rell", "Garn")
]


def small_model(_: Path) -> Qwen2ForCausalLM:
    """Return a model with two layers above those that have no adapter."""
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=151_936,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=FIRST + 2,
        num_attention_heads=2,
        num_key_value_heads=1,
    )
    return Qwen2ForCausalLM(config).requires_grad_(False)


def training_files() -> tuple[Path, ...]:
    return training.CONVERSATIONS, training.REQUESTS, first_messages.FIRST


@pytest.fixture
def talks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for talk in TALKS:
        for turn in talk["turns"]:
            turn["assistant"] = "It was built in 1907."  # type: ignore[index]
    file = tmp_path / "conversations.jsonl.gz"
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, TALKS)).encode()))
    for name in ("CONVERSATIONS", "REQUESTS"):
        monkeypatch.setattr(training, name, file)
    monkeypatch.setattr(first_messages, "CONVERSATIONS", file)
    for module in (training, first_messages):
        monkeypatch.setattr(module, "load_model", small_model)
    return file


def test_an_adapter_is_made_and_made_again(
    talks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert training.main([str(tmp_path / "one"), "--epochs", "2"]) == 0
    assert "loss" in capsys.readouterr().out
    adapter = tmp_path / "one" / FILE
    tensors = {each.name: each.data for each in gguf.GGUFReader(adapter).tensors}
    assert len(tensors) == 2 * 2 * len(MATRICES)
    assert tensors[f"blk.{FIRST}.attn_q.weight.lora_a"].shape == (RANK, 16)
    learned = tensors[f"blk.{FIRST + 1}.ffn_down.weight.lora_b"]
    assert np.abs(learned).max() > 0
    again = tmp_path / "one" / "again"
    adapter.rename(again)
    training.main([str(tmp_path / "one"), "--epochs", "2"])  # It goes on from its checkpoint.
    assert adapter.read_bytes() == again.read_bytes()


@pytest.mark.parametrize(
    ("module", "made"), [(training, REQUESTS_FILE), (first_messages, FIRST_FILE)]
)
def test_it_goes_on_from_an_adapter(
    talks: Path, tmp_path: Path, module: ModuleType, made: str
) -> None:
    training.main([str(tmp_path / "one"), "--epochs", "2"])
    first, given = tmp_path / "one" / FILE, ["--epochs", "0.1", "--start"]
    module.main([str(tmp_path / "two"), *given, str(first)])
    one, two = (
        {each.name: each.data for each in gguf.GGUFReader(file).tensors}
        for file in (first, tmp_path / "two" / made)
    )
    name = f"blk.{FIRST}.attn_q.weight.lora_a"
    assert not np.array_equal(one[name], two[name])
    assert np.abs(one[name] - two[name]).max() < 0.01


def test_at_first_nothing_is_added() -> None:
    model, tokens = small_model(Path()), torch.arange(12)[None]
    before = model(tokens).logits
    adapted = adapt(model, seed=1)
    assert all(isinstance(each, Learned) for each in adapted.values())
    assert torch.equal(model(tokens).logits, before)


def test_what_is_learned_is_what_is_written() -> None:
    model = small_model(Path())
    batch = [Example(range(5, 15), 6), Example(range(40, 45), 3)]
    together = loss(model, batch)
    alone = [loss(model, [each]) for each in batch]
    assert torch.isclose(together, (4 * alone[0] + 2 * alone[1]) / 6)


def test_titles_are_told_where_the_message_needs_them() -> None:
    told = [each for file in training_files() for each in training.told(file)]
    assert len(told) > 5_000
    assert 0.1 < sum(not titles for _, titles in told) / len(told) < 0.3
    for follow_up, titles in told:
        said = " ".join([follow_up.message, *(text for _, text in follow_up.history)])
        own = follow_up.conversation.split("/", 1)[1]
        if content_words(own) & content_words(follow_up.alone) - content_words(said):
            assert own in titles
