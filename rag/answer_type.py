"""What kind of answer a question asks for, and whether words are of that kind.

A guessing model answers "how deep" with a width and "when" with a name. The kinds are few and told
from the question's own words, so that a mismatch is evidence for a refusal and never a guess.
"""

from __future__ import annotations

import re

from rag.facts import facts, numbers

# A measure that is asked for by an adjective must be named in the quote by a word of its family, or
# by a unit that measures nothing else.
_MEASURES: dict[str, str] = {
    "wide": r"wid\w+|broad\w*|breadth|narrow\w*|across",
    "deep": r"deep\w*|depth\w*|fathoms?",
    "long": r"long\w*|length\w*|last(?:s|ed|ing)?|dur\w+|minutes?|hours?|days?|weeks?|months?"
    r"|years?|decades?|km|kilomet\w+|miles?|met(?:er|re)s?",
    "tall": r"tall\w*|high\w*|height\w*|stor(?:e?y|ies)",
    "high": r"high\w*|height\w*|tall\w*|elevation|altitude|above",
    "heavy": r"heav\w+|weigh\w*|tons?|tonnes?|kg|kilogram\w*|pounds?",
    "fast": r"fast\w*|speed\w*|quick\w*|mach|km/h|mph|knots?|hour",
    "far": r"far\w*|distance\w*|range\w*|away|km|kilomet\w+|miles?|from",
    "old": r"old\w*|age[ds]?|born|years?|founded|built|since",
    "large": r"large\w*|size\w*|area|square|big\w*|hectares?|acres?|tons?|tonnes?|billion|million",
    "big": r"large\w*|size\w*|area|square|big\w*|hectares?|acres?|tons?|tonnes?|billion|million",
    "often": r"\w+ly|times?|twice|once|every|each|regular\w*|annual\w*|per",
}
_MONEY = (
    r"[$€£¥]|\b(?:dollars?|euros?|pounds?|yuan|rubles?|yen|cents?|million|billion|free|price\w*)\b"
)
_HOW = re.compile(r"\bhow\s+(\w+)", re.IGNORECASE)
_MANY = re.compile(r"\bhow (?:many|much)\b|\bwhat (?:number|share|percentage)\b", re.IGNORECASE)
_COST = re.compile(
    r"\bhow much\b.*\b(?:cost|pay|paid|worth|spend|spent|price|money)\b"
    r"|\bwhat\b.*\b(?:cost|price)\b",
    re.IGNORECASE,
)
_WHEN = re.compile(r"\bwhen\b|\b(?:what|which) (?:year|date|day|month)\b|^date of\b", re.IGNORECASE)
_WHO = re.compile(r"^(?:who|whom|whose)\b|\b(?:what|which) is the name of\b", re.IGNORECASE)


def type_matches(question: str, words: str, quote: str) -> bool:
    """Whether the copied words, in the quote they come from, are of the kind that is asked for.

    True where the question asks for nothing in particular.
    """
    if _COST.search(question):
        return bool(re.search(_MONEY, quote, re.IGNORECASE))
    if _MANY.search(question):
        return bool(numbers(words))
    how = _HOW.search(question)
    if how and (family := _MEASURES.get(how[1].lower())):
        return bool(re.search(rf"\b(?:{family})\b", quote, re.IGNORECASE))
    if _WHEN.search(question):
        found = facts(words)
        return bool(found.numbers or found.days or found.months) or bool(
            re.search(r"\b(?:after|before|when|during|while|day|week|month|year)\b", words)
        )
    if _WHO.search(question.strip()):
        return bool(re.search(r"[^\W\d_]", words)) and words != words.lower()
    return True
