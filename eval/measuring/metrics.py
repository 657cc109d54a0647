"""The scores of one answer. Pure functions on the JSON object of `ask --json`.

Scores judge what other programs receive, so nothing here uses the code that made the answer. The
check of numbers and names is a second, simpler implementation, not shared with `rag.languages`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from eval.cases.answers import contains_answer, exact_match, token_f1, value_match
from eval.measuring.spans import (
    characters,
    citation_precision,
    citation_recall,
    harmonic,
    ndcg,
    quote_hit,
    recall_at,
    reciprocal_rank,
)
from index.documents import Span
from index.english import MONTHS

if TYPE_CHECKING:
    from eval.cases.cases import Case, EvidenceSpans

Scores = dict[str, Any]
"""The scores of one answer by name; None where a score does not apply to the case."""

HIT_AT = (1, 3, 5)
DEPTH = 5
"""How many quotes of a ranking are judged: as many as every answer carries."""


def score(
    case: Case, facts: EvidenceSpans, answer: Mapping[str, Any], text_of: Callable[[str], str]
) -> Scores:
    """Return all scores of an answer. `text_of` gives a document's text by its id."""
    cited = [_span(each["document"]["id"], each) for each in answer["citations"]]
    quotes = [_span(each["document_id"], each) for each in answer["quotes"]]
    refused = bool(answer["refused"])
    right = _right(case, answer)
    precision, recall = citation_precision(cited, facts), citation_recall(cited, facts)
    evidence = None if recall is None else recall > 0
    marked = characters(cited, facts) or (None, None, None)
    words = short_answer(answer)
    scores: Scores = {f"hit@{k}": quote_hit(quotes, facts, k) for k in HIT_AT}
    scores |= {
        f"recall@{DEPTH}": recall_at(quotes, facts, DEPTH),
        "mrr": reciprocal_rank(quotes, facts),
        f"ndcg@{DEPTH}": ndcg(quotes, facts, DEPTH),
        "answer_right": right,
        "exact_match": exact_match(words, case.answers) if case.answers else None,
        "token_f1": token_f1(words, case.answers) if case.answers else None,
        "citation_precision": precision,
        "citation_recall": recall,
        "citation_f1": harmonic(precision, recall),
        "cited_evidence": evidence,
        "joint": None if right is None or evidence is None else right and evidence,
        "char_precision": marked[0],
        "char_recall": marked[1],
        "char_iou": marked[2],
        "verbatim": verbatim(answer, text_of),
        "refused": refused,
        "refusal_right": refused == case.unsaid,
        "unsupported": unsupported(answer),
    }
    # What a case does not state (no answers, no evidence, no way) cannot fail it.
    # Asking back does not count as an answer, unless the case expects it.
    way = (answer["route"] or {}).get("answered_by")
    other_way = way != case.way if case.way else way == "unclear"
    good = right is not False and evidence is not False and not other_way
    passed = refused if case.unsaid else not refused and good
    return scores | {"passed": passed, "crag": crag(case.unsaid, refused, passed)}


def _right(case: Case, answer: Mapping[str, Any]) -> bool | None:
    if case.verdict:
        return bool(answer["verdict"] == case.verdict)
    if not case.answers:
        return None
    if answer["refused"]:
        return False
    words = answer_text(answer)
    if contains_answer(words, case.answers, case.answer_type):
        return True
    return case.tolerance is not None and value_match(
        words, case.answers, case.answer_type, case.tolerance
    )


def crag(unanswerable: bool, refused: bool, passed: bool) -> int:
    """Return 1 for a right answer or refusal, 0 for a missing answer, -1 for a wrong one.

    The truthfulness score of CRAG (Yang et al., NeurIPS 2024): a wrong answer is worse than none.
    Its mean is between -1 and 1.
    """
    if passed:
        return 1
    return 0 if refused and not unanswerable else -1


def answer_text(answer: Mapping[str, Any]) -> str:
    """Return the words of an answer without footnote numbers, which would read as digits."""
    return " ".join(each["text"] for each in answer["sentences"] if each["supported"])


def short_answer(answer: Mapping[str, Any]) -> str:
    """Return the marked words of the cited quotes; if none are marked, the whole answer.

    Exact match and token F1 are meant for short answers. A refusal has no words.
    """
    if answer["refused"]:
        return ""
    marked = [
        each["quote"][start - each["start"] : end - each["start"]]
        for each in answer["citations"]
        for start, end in each["marks"]
    ]
    return " ".join(marked) or answer_text(answer)


# --- are the quotes those of the source?


def verbatim(answer: Mapping[str, Any], text_of: Callable[[str], str]) -> float | None:
    """Return the share of footnotes and quotes that are `text[start:end]` of their document."""
    placed = [(each["document"]["id"], each) for each in answer["citations"]]
    placed += [(each["document_id"], each) for each in answer["quotes"]]
    if not placed:
        return None
    same = [each["quote"] == text_of(name)[each["start"] : each["end"]] for name, each in placed]
    return same.count(True) / len(same)


def _span(document_id: str, place: Mapping[str, Any]) -> Span:
    return Span(document_id, place["start"], place["end"])


# --- does the answer say what its quotes do not?


def unsupported(answer: Mapping[str, Any]) -> list[str]:
    """Return the numbers and names of supported sentences that their quotes do not show literally.

    A run of digits must occur in the quotes that the sentence cites or in the question. A
    capitalised word may also occur in the quotes' headings. The first word of a sentence is not
    checked. This is independent of `rag.languages`, so that a mistake there shows here; "October"
    for "Oct." and "10" for "ten" are the only other forms that it knows. Sentences without a
    citation, and computed ones, are not checked: they do not claim that a quote shows them.
    """
    cited = {each["number"]: each for each in answer["citations"]}
    questions = [answer["question"], answer["standalone_question"]]
    found: list[str] = []
    for sentence in answer["sentences"]:
        computed = sentence["text"].startswith("Computed: ")
        if not sentence["supported"] or not sentence["citations"] or computed:
            continue
        sources = [cited[number] for number in sentence["citations"] if number in cited]
        texts = [*questions, *(source["quote"] for source in sources)]
        digits = {run for text in texts for run in [*_digits(text), *_spelled(text)]}
        found += [run for run in _digits(sentence["text"]) if run not in digits]
        texts += [source["heading"] or "" for source in sources]
        words = {word.casefold() for text in texts for word in _words(text)}
        found += [
            word
            for word in _words(sentence["text"])[1:]
            if word[0].isupper() and not _named(word.casefold(), words)
        ]
    return found


_NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
_ORDINAL_WORDS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
).split()
_MONTHS = [month.lower() for month in MONTHS]


def _digits(text: str) -> list[str]:
    return re.findall(r"\d+", re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text))


def _spelled(text: str) -> set[str]:
    """Return the numbers that are written as a single word, as digits."""
    words = re.findall(r"[a-z]+", text.lower())
    lists = (_NUMBER_WORDS, _ORDINAL_WORDS)
    return {str(each.index(word)) for each in lists for word in words if word in each}


def _words(text: str) -> list[str]:
    """Return the words with letters, "U.S." as "US" and "China's" as "China"."""
    text = re.sub(r"\b(?:[^\W\d_]\.){2,}", lambda match: match[0].replace(".", ""), text)
    words = re.findall(r"[^\W_]+(?:['’][^\W_]+)?", text)
    return [re.sub(r"['’]s$", "", word, flags=re.IGNORECASE) for word in words]


def _named(word: str, words: set[str]) -> bool:
    """Whether a name is among the words, or one with its first four letters ("Russian")."""
    if word in words:
        return True
    if word in _MONTHS and not words.isdisjoint((word[:3], word[:4])):
        return True
    return len(word) > 4 and any(each.startswith(word[:4]) for each in words)
