"""Training of Footnoted's weights: `python -m eval.lab.training` makes the reader's."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # As in `index/weights/onnx.py`.
