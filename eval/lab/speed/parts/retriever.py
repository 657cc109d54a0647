"""What finding evidence is held against, in the peers' environment: LlamaIndex, as it is set up.

    python retriever.py EMBEDDING RERANKER TEXTS

A `VectorStoreIndex` of the texts of a JSON file with all defaults (chunks of 1,024 tokens with an
overlap of 200), its retriever, and `SentenceTransformerRerank`, on the ONNX weights of two folders.
Answers a question with how many seconds the best chunks took, and how these begin.
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from pathlib import Path
from unittest.mock import patch

TOP_K = 10
TOP_N = 5
ONNX = {"backend": "onnx", "model_kwargs": {"provider": "CPUExecutionProvider"}}


def main(embedding: str, reranker: str, file: str) -> None:
    """Answer until nobody asks; the first answer is how many chunks there are."""
    answers, sys.stdout = sys.stdout, sys.stderr  # Libraries print what they like.
    import sentence_transformers
    from llama_index.core import Document, VectorStoreIndex
    from llama_index.core.postprocessor import SentenceTransformerRerank
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    texts = json.loads(Path(file).read_text("utf-8"))
    embed = HuggingFaceEmbedding(
        embedding,
        device="cpu",
        query_instruction="Represent this sentence for searching relevant passages: ",
        **ONNX,
    )
    index = VectorStoreIndex.from_documents(
        [Document(text=text) for text in texts], embed_model=embed
    )
    retriever = index.as_retriever(similarity_top_k=TOP_K)
    # It has no argument for what the cross-encoder runs on.
    onnx = partial(sentence_transformers.CrossEncoder, **ONNX)
    with patch.object(sentence_transformers, "CrossEncoder", onnx):
        rerank = SentenceTransformerRerank(model=reranker, top_n=TOP_N, device="cpu")
    for line in sys.stdin:
        question = json.loads(line)
        started = time.perf_counter()
        nodes = rerank.postprocess_nodes(retriever.retrieve(question), query_str=question)
        took = time.perf_counter() - started
        told = {
            "seconds": took,
            "chunks": len(index.index_struct.nodes_dict),
            "found": [node.node.get_content() for node in nodes],
        }
        answers.write(json.dumps(told) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
