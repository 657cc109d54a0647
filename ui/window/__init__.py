"""The window as a whole, who may enter, what programs may call. Start with `window.py`.

Gradio is imported here for the first time, behind what it reads then.
"""

import atexit
import inspect
import os
import shutil
import sys
import tempfile
from typing import Any

# Read when Gradio and the hub's client are imported: nothing is reported to anybody.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
# What is uploaded lies in a folder of this program alone, which goes with it.
os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(
    "", "footnoted-", os.environ.get("GRADIO_TEMP_DIR")
)
os.environ["GRADIO_EXAMPLES_CACHE"] = os.environ["GRADIO_TEMP_DIR"]
atexit.register(shutil.rmtree, os.environ["GRADIO_TEMP_DIR"], ignore_errors=True)

_getfile = inspect.getfile


def _no_file_for_stubs(thing: Any) -> str:
    """Say that a component of Gradio's comes from no file, and for all else what Python says.

    Gradio writes a stub file beside the file of each of its components whenever it is imported.
    That is half of the time that its import takes, it changes installed files, and two programs
    that start at once write the same ones.
    """
    if sys._getframe(1).f_globals.get("__name__") == "gradio.component_meta":
        raise OSError("No stub file is written.")
    return _getfile(thing)


inspect.getfile = _no_file_for_stubs  # type: ignore[assignment]
try:
    import gradio as gradio
finally:
    inspect.getfile = _getfile
