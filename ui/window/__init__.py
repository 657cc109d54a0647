"""The window as a whole, and the endpoints for programs. Start with `window.py`.

Gradio is imported here for the first time, after the environment that it reads has been set.
"""

import atexit
import inspect
import os
import shutil
import sys
import tempfile
from typing import Any

# Read when Gradio and the hub's client are imported: turn off telemetry.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
# Uploads go to a folder of this program's own, which is deleted when it ends.
os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(
    "", "footnoted-", os.environ.get("GRADIO_TEMP_DIR")
)
os.environ["GRADIO_EXAMPLES_CACHE"] = os.environ["GRADIO_TEMP_DIR"]
atexit.register(shutil.rmtree, os.environ["GRADIO_TEMP_DIR"], ignore_errors=True)

_getfile = inspect.getfile


def _no_file_for_stubs(thing: Any) -> str:
    """Wrap `inspect.getfile` so that Gradio finds no file for its components.

    Gradio writes a stub file next to the file of each of its components whenever it is imported.
    That takes half of its import time, changes installed files, and two programs that start at the
    same time write the same ones.
    """
    if sys._getframe(1).f_globals.get("__name__") == "gradio.component_meta":
        raise OSError("No stub file is written.")
    return _getfile(thing)


inspect.getfile = _no_file_for_stubs  # type: ignore[assignment]
try:
    import gradio as gradio
finally:
    inspect.getfile = _getfile
