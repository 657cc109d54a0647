"""Networks as int8 ONNX files: writing them, and adding heads to a reader."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process

Axes = Mapping[int, str]
"""The axes of an output that have no fixed length, and their names."""


def export(
    model: torch.nn.Module,
    inputs: Mapping[str, torch.Tensor],
    outputs: Mapping[str, Axes],
    to: Path,
    rows: str = "texts",
    *,
    rounded: Sequence[str] | None = None,
) -> None:
    """Write a network as int8 ONNX, whole or not at all.

    `inputs` are examples of its inputs, shape (rows, tokens, …). Weights are rounded per channel to
    seven bits, so that processors without VNNI, which add in sixteen bits, give the same results.
    This is done for all types of operators that allow it, or only for those in `rounded`.
    """
    model.eval()
    to.parent.mkdir(parents=True, exist_ok=True)
    axes = {**{name: {0: rows, 1: "tokens"} for name in inputs}, **outputs}
    with tempfile.TemporaryDirectory(dir=to.parent) as folder:
        whole, ready, small = (Path(folder) / name for name in ("float.onnx", "ready", "int8"))
        torch.onnx.export(
            model,
            tuple(inputs.values()),
            str(whole),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={name: dict(each) for name, each in axes.items() if each},
            opset_version=17,
            dynamo=False,
        )
        quant_pre_process(str(whole), str(ready), skip_symbolic_shape=True, skip_onnx_shape=True)
        quantize_dynamic(
            ready,
            small,
            op_types_to_quantize=rounded,
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
        )
        small.replace(to)


def append(model: onnx.ModelProto, other: onnx.ModelProto, prefix: str | tuple[str, ...]) -> None:
    """Append the nodes and weights of another graph whose names begin with a prefix.

    The other graph's outputs and operator sets are added too, if the graph does not have them yet.
    """
    for kept in ("node", "initializer"):
        own = [each for each in getattr(other.graph, kept) if each.name.startswith(prefix)]
        getattr(model.graph, kept).extend(own)
    outputs = {each.name for each in model.graph.output}
    model.graph.output.extend(e for e in other.graph.output if e.name not in outputs)
    domains = {each.domain for each in model.opset_import}
    model.opset_import.extend(e for e in other.opset_import if e.domain not in domains)
    onnx.checker.check_model(model)


def remove(model: onnx.ModelProto, prefix: str) -> None:
    """Remove the nodes and weights of a graph whose names begin with a prefix."""
    for held in (model.graph.node, model.graph.initializer):
        kept = [each for each in held if not each.name.startswith(prefix)]
        del held[:]
        held.extend(kept)
