"""The peers: libraries that Footnoted is held against, in an environment of their own.

They pin other versions of what Footnoted needs too, so they never stand beside it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from index.atomic import write_whole
from index.errors import UserError
from index.weights.catalogue import CATALOGUE
from index.weights.download import model_folder

REQUIRED = (
    "llama-index-core>=0.14,<0.15",
    "llama-index-embeddings-huggingface",
    "llama-index-postprocessor-sbert-rerank",
    "sentence-transformers[onnx]",
)

DONE = "installed"
"""The file that says that all of an environment is there."""

VERSIONS = (
    "llama-index-core",
    "llama-index-embeddings-huggingface",
    "sentence-transformers",
    "transformers",
    "optimum-onnx",
    "onnxruntime",
    "torch",
)

BERT = {
    "architectures": ["BertForSequenceClassification"],
    "model_type": "bert",
    "vocab_size": 30522,
    "hidden_size": 384,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "hidden_act": "gelu",
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "pad_token_id": 0,
    "id2label": {"0": "LABEL_0"},
    "label2id": {"LABEL_0": 0},
}
"""What the reranker's folder does not say of it: BERT, 12 layers, 384 wide, 12 heads, one logit."""

MODULES = [
    {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{kind}"}
    for at, (path, kind) in enumerate(
        (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))
    )
]
POOLING = {"word_embedding_dimension": 384, "pooling_mode_cls_token": True}
"""How bge-small's authors make a vector of a text: the first token's, of length one."""


def peers_in(folder: Path) -> Path | None:
    """Return the Python of the peers in the bench's folder; None where they are not installed."""
    environment = folder / "peers"
    return environment / "bin" / "python" if (environment / DONE).exists() else None


def install_peers(folder: Path, *, wanted: bool) -> None:
    """Install the peers into the bench's folder, if that is wanted.

    Raises UserError if it is not, or where pip cannot bring them.
    """
    if not wanted:
        raise UserError("The peers are not installed: --peers installs them into FOLDER/peers.")
    environment = folder / "peers"
    python = environment / "bin" / "python"
    venv.create(environment, with_pip=True, clear=True)
    made = subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", *REQUIRED],
        stdout=sys.stderr,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if made.returncode:
        last = "\n".join(made.stderr.strip().splitlines()[-3:])
        raise UserError(f"pip could not install the peers: {last}")
    (environment / DONE).touch()


def versions(python: Path) -> dict[str, str]:
    """Return the versions that stand in the peers' environment."""
    code = (
        "import json, sys; from importlib.metadata import version; "
        "print(json.dumps({name: version(name) for name in sys.argv[1:]}))"
    )
    done = subprocess.run(
        [str(python), "-I", "-c", code, *VERSIONS], capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def weights(name: str, models: Path, into: Path) -> Path:
    """Return a folder with a model's very files, in the form that sentence-transformers opens.

    Raises ModelMissing without the model's weights.
    """
    folder = into / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(model_folder(name, models), folder)
    (folder / "onnx").mkdir()  # Where it looks for them.
    (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")
    if CATALOGUE[name].role == "rerank":
        _say(folder / "config.json", BERT)
    else:
        _say(folder / "modules.json", MODULES)
        for each in ("1_Pooling", "2_Normalize"):
            (folder / each).mkdir()
        _say(folder / "1_Pooling" / "config.json", POOLING)
    return folder


def _say(path: Path, told: object) -> None:
    write_whole(path, json.dumps(told, indent=1).encode())
