"""Making the reader's weights again: `python -m eval.lab.training`."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # As in `index/weights/onnx.py`.
