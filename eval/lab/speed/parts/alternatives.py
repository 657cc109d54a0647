"""What Footnoted is compared with, in a process of its own that answers lines of JSON.

Its arguments are the name of a side, which is a function below, and that function's arguments;
texts come as a JSON file. The retriever runs in the peers' environment, so nothing of Footnoted is
imported here.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

Answer = Callable[[Any], Any]

TOP_K = 10
TOP_N = 5
ONNX = {"backend": "onnx", "model_kwargs": {"provider": "CPUExecutionProvider"}}
PEERS = (
    "llama-index-core llama-index-embeddings-huggingface sentence-transformers transformers "
    "optimum-onnx onnxruntime torch"
).split()


def encoder(model: str, file: str) -> Answer:
    """sentence-transformers: embed as many of the texts as asked, and answer with the seconds."""
    from sentence_transformers import SentenceTransformer

    texts = json.loads(Path(file).read_text("utf-8"))
    loaded = SentenceTransformer(model, device="cpu")

    def answer(count: int) -> float:
        started = time.perf_counter()
        loaded.encode(texts[:count], show_progress_bar=False)
        return time.perf_counter() - started

    return answer


def retriever(embedding: str, reranker: str, file: str) -> Answer:
    """LlamaIndex with all defaults: answer with the best chunks for a question, and the seconds.

    A `VectorStoreIndex` of the texts (chunks of 1,024 tokens with an overlap of 200), its
    retriever, and `SentenceTransformerRerank`, on the ONNX weights of two folders.
    """
    import sentence_transformers
    from llama_index.core import Document, VectorStoreIndex
    from llama_index.core.postprocessor import SentenceTransformerRerank
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    texts = json.loads(Path(file).read_text("utf-8"))
    instruction = "Represent this sentence for searching relevant passages: "
    embed = HuggingFaceEmbedding(embedding, device="cpu", query_instruction=instruction, **ONNX)
    documents = [Document(text=text) for text in texts]
    index = VectorStoreIndex.from_documents(documents, embed_model=embed)
    found_by = index.as_retriever(similarity_top_k=TOP_K)
    # It has no argument for the backend of the cross-encoder.
    onnx = partial(sentence_transformers.CrossEncoder, **ONNX)
    with patch.object(sentence_transformers, "CrossEncoder", onnx):
        rerank = SentenceTransformerRerank(model=reranker, top_n=TOP_N, device="cpu")

    def answer(question: str) -> dict[str, Any]:
        started = time.perf_counter()
        nodes = rerank.postprocess_nodes(found_by.retrieve(question), query_str=question)
        return {
            "seconds": time.perf_counter() - started,
            "found": [node.node.get_content() for node in nodes],
            "chunks": len(index.index_struct.nodes_dict),
            "versions": {name: version(name) for name in PEERS},
        }

    return answer


def engine(model: str, context_tokens: str, write_tokens: str) -> Answer:
    """llama.cpp: reply to a chat, and answer with the seconds to the first and the last words.

    The answer also has the text, and how many tokens of the prompt were new and how many written.
    """
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.n_ctx = int(context_tokens)
    params.verbosity = -1
    server = xllamacpp.Server(params)
    options = {"max_tokens": int(write_tokens), "temperature": 0.0, "seed": 0, "stream": True}

    def answer(messages: list[dict[str, str]]) -> dict[str, Any]:
        first, text = 0.0, ""
        timings: dict[str, int] = {}

        def hear(chunk: dict[str, Any]) -> bool:
            nonlocal first, text, timings
            for choice in chunk.get("choices", ()):
                piece = choice.get("delta", {}).get("content") or ""
                if piece and not text:
                    first = time.perf_counter() - started
                text += piece
            timings = chunk.get("timings") or timings
            return False

        started = time.perf_counter()
        server.handle_chat_completions({"messages": messages, **options}, hear)
        return {
            "first_s": first,
            "total_s": time.perf_counter() - started,
            "text": text,
            "read": timings["prompt_n"],
            "written": timings["predicted_n"],
        }

    return answer


def main(side: str, *arguments: str) -> None:
    """Answer each line of the input until it ends."""
    answers, sys.stdout = sys.stdout, sys.stderr  # Libraries may print anything.
    sides: dict[str, Callable[..., Answer]]
    sides = {"encoder": encoder, "retriever": retriever, "engine": engine}
    answer = sides[side](*arguments)
    for line in sys.stdin:
        answers.write(json.dumps(answer(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
