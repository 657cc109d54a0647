"""Objects of the user's own, made by a function that a setting names: `package.module:factory`.

To name a function here is to run its code. So only the user's environment and settings file can
do it: `Settings.factory` in `rag/config.py` sees to that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

from index.errors import UserError, foreign_reason

_FORM = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*")


def is_factory(value: str) -> bool:
    """Whether a setting's value has the form `package.module:factory`."""
    return _FORM.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class Factory:
    """A function of the user's own, by its name, with the variable that names it."""

    setting: str
    name: str

    def make(self, kind: type, called: str, *given: str) -> Any:
        """Import the module, call the function, and return what it makes: an object of a `kind`.

        `called` is what messages call such an object.

        Raises UserError where the function cannot be imported, fails, or makes something else.
        """
        function = self._function()
        try:
            made = function(*given)
        except Exception as error:
            raise UserError(
                f"{self.setting} names {self.name}, which fails: {foreign_reason(error)}. Correct "
                f"the function, or change {self.setting}."
            ) from error
        if not isinstance(made, kind):
            raise UserError(
                f"{self.setting} names {self.name}, which returns no {called}. Change the "
                "function, or name another one."
            )
        return made

    def _function(self) -> Callable[..., Any]:
        try:
            found: Callable[..., Any] = resolve_name(self.name)
        except Exception as error:
            why = f"{self.setting} names {self.name}, which fails: {foreign_reason(error)}."
            model = " For the name of a model at an address, set FOOTNOTED_LLM_URL as well."
            raise UserError(
                f"{why} It must be a function in a module that Python finds: install it beside "
                "Footnoted, or name its folder in PYTHONPATH."
                f"{model if self.setting == 'FOOTNOTED_LLM' else ''}"
            ) from error
        return found
