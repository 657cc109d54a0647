"""Regression sets, and how good answers are. `eval/README.md` says how a set is written."""

from eval.cases.cases import Case, CaseSet, Evidence, load_set
from eval.comparing.baseline import Verdict, hold
from eval.comparing.compare import compare, load_run
from eval.running.record import Result, Run
from eval.running.runner import run

__all__ = [
    "Case",
    "CaseSet",
    "Evidence",
    "Result",
    "Run",
    "Verdict",
    "compare",
    "hold",
    "load_run",
    "load_set",
    "run",
]
