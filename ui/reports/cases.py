"""What a case of a set expects, in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ui.words.words import _, quoted


def expected(case: Mapping[str, Any]) -> str:
    """Return in words what a case expects, as `eval.comparing.explain` says it in English."""
    if not case:
        return _("not kept with this run")
    if case.get("unanswerable"):
        return _("a refusal")
    if case.get("verdict"):
        return _("the verdict “%(verdict)s”", verdict=case["verdict"])
    first, *others = [quoted(each) for each in case.get("answers", ())] or [""]
    for other in others:
        first = _("%(answer)s or %(other)s", answer=first, other=other)
    if not (way := case.get("way")):
        return first or _("any answer that cites the evidence")
    if not first:
        return _("an answer in the way “%(way)s”", way=way)
    return _("%(answer)s an answer in the way “%(way)s”", answer=first, way=way)
