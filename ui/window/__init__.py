"""The window: its page, its server, and Gradio, which is imported here for the first time.

Gradio writes a stub file beside each of its components whenever it is imported: that is half of the
time that its import takes, it changes installed files, and two that start at once write the same.
It leaves that out for a component that comes from no file, so for this while none does.
"""

import inspect
import sys
from typing import Any

_getfile = inspect.getfile


def _no_file_for_stubs(thing: Any) -> str:
    if sys._getframe(1).f_globals.get("__name__") == "gradio.component_meta":
        raise OSError("No stub file is written.")
    return _getfile(thing)


inspect.getfile = _no_file_for_stubs  # type: ignore[assignment]
try:
    import gradio as gradio
finally:
    inspect.getfile = _getfile
