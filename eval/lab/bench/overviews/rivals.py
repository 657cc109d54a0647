"""Simple alternatives to an overview: the first sentences, or LexRank's."""

from __future__ import annotations

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from index.documents import Document
from index.split import blocks, sentence_spans

LINKED = 0.1
"""The cosine from which LexRank links two sentences as similar; the value of its paper."""

DAMPING = 0.85


def sentences_of(document: Document) -> list[str]:
    """Return all sentences of a document, unfiltered."""
    places = (place for each in blocks(document) for place in sentence_spans(document.text, *each))
    return [" ".join(document.text[start:end].split()) for start, end in places]


def lead(sentences: list[str], count: int) -> list[str]:
    """Return the first sentences."""
    return sentences[:count]


def lexrank(sentences: list[str], count: int) -> list[str]:
    """Return the sentences that are most similar to the others, in the order of the text.

    Erkan and Radev, "LexRank: Graph-based Lexical Centrality as Salience in Text Summarization",
    JAIR 2004, with a threshold.
    """
    vectors = TfidfVectorizer(stop_words="english").fit_transform(sentences)
    linked = np.asarray((vectors @ vectors.T).todense()) >= LINKED
    np.fill_diagonal(linked, val=True)
    moves = linked / linked.sum(1, keepdims=True)
    weights = np.full(len(sentences), 1 / len(sentences))
    for _ in range(50):
        weights = (1 - DAMPING) / len(sentences) + DAMPING * weights @ moves
    return [sentences[at] for at in sorted(np.argsort(-weights, kind="stable")[:count])]
