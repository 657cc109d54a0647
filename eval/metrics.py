"""What is measured of one answer. Pure functions on the JSON object of `ask --json`.

Measured is what other programs get, so nothing here asks the code that made the answer: the check
of numbers and names is written a second time, more simply, and not shared with `rag.facts`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from index.documents import Span

if TYPE_CHECKING:
    from eval.cases import Case, Facts

Scores = dict[str, Any]
"""The scores of one answer by name; None where a score does not apply to the case."""

HIT_AT = (1, 3, 5)

_DASHES = re.compile(r"[-\u2010-\u2015\u2212]")
_PUNCTUATION = re.compile(
    rf"(?<!\d)\.|\.(?!\d)|[{re.escape(string.punctuation.replace('.', ''))}“”„‟‘’‚‛«»‹›…]"
)
_ARTICLES = {"a", "an", "the"}


def score(
    case: Case, facts: Facts, answer: Mapping[str, Any], text_of: Callable[[str], str]
) -> Scores:
    """Return all scores of an answer. `text_of` gives a document's text by its id."""
    cited = [_span(each["document"]["id"], each) for each in answer["citations"]]
    quotes = [_span(each["document_id"], each) for each in answer["quotes"]]
    refused = bool(answer["refused"])
    right = None
    if case.answers:
        right = not refused and contains_answer(written(answer), case.answers, case.answer_type)
    recall = citation_recall(cited, facts)
    scores: Scores = {f"hit@{k}": quote_hit(quotes, facts, k) for k in HIT_AT}
    scores |= {
        "answer_right": right,
        "citation_precision": citation_precision(cited, facts),
        "citation_recall": recall,
        "cited_evidence": None if recall is None else recall > 0,
        "verbatim": verbatim(answer, text_of),
        "refused": refused,
        "refusal_right": refused == case.unanswerable,
        "unsupported": unsupported(answer),
    }
    # What a case does not state (no answers, no evidence) cannot fail it.
    good = right is not False and scores["cited_evidence"] is not False
    return scores | {"passed": refused if case.unanswerable else not refused and good}


def written(answer: Mapping[str, Any]) -> str:
    """Return the words of an answer without footnote numbers, which would read as digits."""
    return " ".join(each["text"] for each in answer["sentences"] if each["supported"])


# --- is the answer right?


def normalise(text: str) -> str:
    """Return a text as answers are compared: lower case, no punctuation, no articles, one blank.

    SQuAD v1.1's `normalize_answer` (Rajpurkar et al., EMNLP 2016) but for numbers and compounds:
    dashes become blanks, a comma between digits goes ("1,700" is "1700"), a point between digits
    stays ("1.5" is not "15"), and typographic quotation marks are punctuation too.
    """
    text = re.sub(r"(?<=\d),(?=\d)", "", text.lower())
    text = _PUNCTUATION.sub("", _DASHES.sub(" ", text))
    return " ".join(word for word in text.split() if word not in _ARTICLES)


def contains_answer(text: str, answers: Sequence[str], answer_type: str = "text") -> bool:
    """Whether one of the accepted answers occurs in a text, in whole words.

    Of a "list", all items (joined by ";") must occur. A "yesno" answer that opens with yes or no
    is judged by that word, if the accepted answers have one.
    """
    words = normalise(text)
    if answer_type == "yesno":
        accepted = {"yes", "no"} & {normalise(answer) for answer in answers}
        opening = words.partition(" ")[0]
        if accepted and opening in ("yes", "no"):
            return opening in accepted
    parts = [answer.split(";") if answer_type == "list" else [answer] for answer in answers]
    return any(all(_has(words, part) for part in items) for items in parts)


def _has(words: str, answer: str) -> bool:
    wanted = normalise(answer)
    return bool(wanted) and f" {wanted} " in f" {words} "


# --- are the quotes and the footnotes the right ones?


def quote_hit(quotes: Sequence[Span], facts: Facts, k: int) -> bool | None:
    """Whether one of the first k quotes covers a place of the evidence: hit@k."""
    if not facts:
        return None
    return any(quote.covers(place) for quote in quotes[:k] for fact in facts for place in fact)


def citation_precision(cited: Sequence[Span], facts: Facts) -> float | None:
    """Return the share of footnotes that cover a place of the evidence or lie inside one."""
    if not facts or not cited:
        return None
    places = [place for fact in facts for place in fact]
    right = [any(each.covers(at) or at.covers(each) for at in places) for each in cited]
    return sum(right) / len(right)


def citation_recall(cited: Sequence[Span], facts: Facts) -> float | None:
    """Return the share of facts that have a place which a footnote covers."""
    if not facts:
        return None
    found = [any(each.covers(place) for each in cited for place in fact) for fact in facts]
    return sum(found) / len(found)


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

    A run of digits must stand in the quotes that the sentence cites or in the question, a
    capitalised word also in the quotes' headings. The first word of a sentence is not checked.
    Written apart from `rag.facts`, so that a mistake there shows here; "October" for "Oct." and
    "10" for "ten" are the only other forms that it knows.
    """
    cited = {each["number"]: each for each in answer["citations"]}
    questions = [answer["question"], answer["standalone_question"]]
    found: list[str] = []
    for sentence in answer["sentences"]:
        if not sentence["supported"]:
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
_MONTHS = (
    "january february march april may june july august september october november december"
).split()


def _digits(text: str) -> list[str]:
    return re.findall(r"\d+", re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text))


def _spelled(text: str) -> set[str]:
    """Return the numbers that are written as one word, in digits."""
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
