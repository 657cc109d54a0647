"""Input modules for sentence-transformers that run ONNX weights with `onnxruntime`.

Importing this module imports torch and sentence-transformers, which takes seconds: import it only
where a model is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from sentence_transformers.base.modules import InputModule
from tokenizers import Tokenizer


class OnnxTransformer(InputModule):  # type: ignore[misc]
    """A transformer's forward pass: texts, or pairs of texts, to token embeddings."""

    output_key = "token_embeddings"

    def __init__(self, folder: Path, max_tokens: int) -> None:
        """Open `model.onnx` and `tokenizer.json` in the folder."""
        super().__init__()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self.folder = folder
        self.max_seq_length = max_tokens
        self.session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self.inputs = {each.name for each in self.session.get_inputs()}
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(max_tokens, strategy="longest_first")
        self.tokenizer.enable_padding()

    @property
    def dimension(self) -> int:
        """The length of one token's embedding."""
        return int(self.session.get_outputs()[0].shape[-1])

    def preprocess(
        self, inputs: Sequence[Any], prompt: str | None = None, **_: Any
    ) -> dict[str, torch.Tensor]:
        """Turn texts (or pairs) into padded token ids, shape (batch, longest)."""
        texts = [prompt + text for text in inputs] if prompt else list(inputs)
        encoded = self.tokenizer.encode_batch(texts)
        rows = {
            "input_ids": [each.ids for each in encoded],
            "attention_mask": [each.attention_mask for each in encoded],
            "token_type_ids": [each.type_ids for each in encoded],
        }
        return {key: torch.tensor(value, dtype=torch.int64) for key, value in rows.items()}

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Run the weights; adds the first output under `output_key`."""
        feed = {name: features[name].numpy() for name in self.inputs}
        output = self.session.run(None, feed)[0]
        features[self.output_key] = torch.from_numpy(np.asarray(output, dtype=np.float32))
        return features

    def get_embedding_dimension(self) -> int:
        """Return the length of one token's embedding, as sentence-transformers asks for it."""
        return self.dimension

    def save(self, output_path: str, *_: Any, **__: Any) -> None:
        """Refuse: the weights are files of the catalogue and are not written by this program."""
        raise TypeError(f"ONNX weights are not saved; copy {self.folder} to {output_path} instead.")


class OnnxScorer(OnnxTransformer):
    """A cross-encoder's forward pass: pairs of texts to one logit each."""

    output_key = "scores"
