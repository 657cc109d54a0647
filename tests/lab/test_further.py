"""Further classes of the router: rows over the finished network, which stays as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from eval.lab.training.routing.further import fit, read, with_further, without_further
from rag.asking.route import WEIGHTS

TEXTS = ["tabulate it please", "How wide is the strait?", "shorter", "so it was closed, right?"]


@pytest.fixture
def network() -> onnx.ModelProto:
    return without_further(onnx.load(WEIGHTS / "router.onnx"))


def test_what_the_network_knows_stays_as_it_is(network: onnx.ModelProto, tmp_path: Path) -> None:
    before, known = read(network, TEXTS, tmp_path)
    rows = np.ones((before.shape[1], 2), np.float32)
    made = with_further(network, rows, np.array([0.0, 5.0], np.float32))
    after, told = read(made, TEXTS, tmp_path)
    assert torch.equal(before, after)
    assert torch.equal(known, told[:, :-2])
    sums = before.sum(1)
    torch.testing.assert_close(told[:, -2], sums, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(told[:, -1], sums + 5, atol=1e-3, rtol=1e-3)
    _, again = read(without_further(made), TEXTS, tmp_path)
    assert torch.equal(again, known)


def test_a_class_is_told_from_all_that_is_known() -> None:
    torch.manual_seed(1)
    features = torch.randn(400, 8) * 3 + 2
    logits = torch.randn(400, 5)
    own = (features[:, 2] > 4).float()
    rows, bias = fit(features, logits, torch.stack([own, 1 - own], 1), torch.ones(400))
    known = torch.logsumexp(logits, 1)
    taken = torch.from_numpy(features.numpy() @ rows + bias)[:, 0] > known
    assert (taken.float() == own).float().mean() > 0.9
