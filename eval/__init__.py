"""Regression sets, and how good answers are. `eval/README.md` says how a set is written."""

from typing import TYPE_CHECKING

from index.lazy import from_homes

if TYPE_CHECKING:
    from eval.cases.cases import Case, CaseSet, Evidence, load_set
    from eval.comparing.baseline import Verdict, judge
    from eval.comparing.compare import NotComparable, compare, load_run
    from eval.running.record import Result, Run
    from eval.running.runner import run

__all__ = [
    "Case",
    "CaseSet",
    "Evidence",
    "NotComparable",
    "Result",
    "Run",
    "Verdict",
    "compare",
    "judge",
    "load_run",
    "load_set",
    "run",
]

__getattr__, __dir__ = from_homes(
    __name__,
    __all__,
    "eval.cases.cases",
    "eval.comparing.baseline",
    "eval.comparing.compare",
    "eval.running.record",
    "eval.running.runner",
)
