"""A user's own judge: a function that grades answers. The grades never decide a verdict.

    footnoted eval run SET --judge package.module:function

The function is called with the question, the answer and the accepted answers. It returns a number,
or None if it cannot tell. Its metric is called `judge:function`, so that everybody sees that it is
an opinion.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from eval.measuring.metrics import answer_text
from index.errors import UserError

if TYPE_CHECKING:
    from eval.cases.cases import Case

JUDGE_PREFIX = "judge:"

Grade = Callable[[str, str, Sequence[str]], float | None]


@dataclass(frozen=True, slots=True)
class Judge:
    """A grading function, with the name of its metric."""

    name: str
    grade: Grade

    def __call__(self, case: Case, answer: Mapping[str, Any]) -> float | None:
        """Return the grade of an answer; None if the function fails or returns no finite number."""
        try:
            grade = self.grade(case.asked, answer_text(answer), case.answers)
            number = math.nan if grade is None else float(grade)
        except Exception:  # noqa: BLE001  a mistake of the judge is not one of the answer
            return None
        return number if math.isfinite(number) else None


def load_judge(name: str) -> Judge:
    """Return the function that `package.module:function` names.

    Raises UserError when there is none.
    """
    if ":" not in name:
        raise UserError(f"There is no judge {name}. Name it as package.module:function.")
    sys.path.insert(0, "")  # The judge may be a file in the current folder.
    try:
        grade = resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(
            f"There is no judge {name} ({error}). Name it as package.module:function."
        ) from error
    finally:
        sys.path.remove("")
    if not callable(grade):
        raise UserError(f"The judge {name} is not a function.")
    return Judge(JUDGE_PREFIX + name.partition(":")[2], grade)
