"""Objects made by the user's own function, which a setting names as `package.module:factory`.

Whoever can name a function can run code. So only the user's environment and settings file may do
that, which `Settings.factory` in `rag/config.py` ensures.
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
    """The name of a user's function, and the environment variable that sets it."""

    setting: str
    name: str

    def make(self, kind: type, called: str, *given: str) -> Any:
        """Import and call the function with `given`, and return the object of type `kind` it makes.

        `called` is the name for such an object in messages.

        Raises UserError if the function cannot be imported, fails, or makes something else.
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
