"""Faults in the form of a summary, found without any code of the program that is measured."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

from rouge_score.rouge_scorer import RougeScorer

from index.documents import Document

WORDS = 0.6
"""The share of words in a sentence, below which it is code, a formula or a row of a table."""

SAME = 0.6
"""The ROUGE-L from which two sentences count as saying the same."""

SHORT = 5
"""The fewest words of a sentence that is not a fragment."""

_DOCUMENT = (
    "article|book|chapter|document|guide|introduction|manual|page|paper|report|section|study|"
    "vignette|work|specification|briefing"
)
_CAPTION = re.compile(r"(?:figure|fig|table|listing|example|box|chart)\.? ?\d", re.IGNORECASE)
_POINTS_BACK = re.compile(
    r"\W*(?:(?:this|these|those|such|that)\b(?! (?:\w+ )?(?:" + _DOCUMENT + r")s?\b)"
    r"|(?:it|its|they|their|he|his|she|her|therefore|however|thus|hence|moreover|also|but"
    r"|and|or|so|otherwise|instead|furthermore|additionally|then|similarly|in (?:addition|contrast)"
    r"|for (?:example|instance)|the (?:former|latter|same|above|following))\b)",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\bdoi\b|\bpp\. ?\d|\d+\(\d+\)[,:]|^[A-Z][\w’'-]+,? (?:[A-Z]\.? ?)+[,(].*\(?\d{4}\)?\.|"
    r"\bISBN\b"
)
_WORD = re.compile(r"(?<!\S)[\"“‘'(*_]*[^\W\d_]+(?:[-’'/][^\W\d_]+)*[\"”’').,;:!?*_]*(?!\S)")
_BULLET = re.compile(r"^(?:[-*•]|\d+[.)]) +")
_ENDS = re.compile(r"[.!?…。][\"”’')\]\d*]*$")
_BEGINS = re.compile(r"[\"“‘'(\[*_]*[A-Z\d]")

_scorer = RougeScorer(["rougeL"], use_stemmer=True)


def faults(sentences: Sequence[str], document: Document) -> dict[str, bool]:
    """Return, for each kind of fault, whether a summary of a document has it."""
    headings = {_plain(document.text[each.start : each.end]) for each in document.headings}
    one: Mapping[str, Callable[[str], object]] = {
        "caption": _CAPTION.match,
        "heading": lambda text: _plain(text) in headings,
        "fragment": _is_fragment,
        "code": lambda text: len(_WORD.findall(text)) < WORDS * len(text.split()),
        "reference": _REFERENCE.search,
        "points back": _POINTS_BACK.match,
    }
    lines = [_BULLET.sub("", " ".join(each.split())) for each in sentences]
    found = {name: any(has(each) for each in lines) for name, has in one.items()}
    found["said twice"] = any(
        _scorer.score(*pair)["rougeL"].fmeasure >= SAME for pair in combinations(lines, 2)
    )
    return found


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W\d_]+", text.casefold()))


def _is_fragment(text: str) -> bool:
    whole = _BEGINS.match(text) and _ENDS.search(text)
    return not whole or len(text.split()) < SHORT
