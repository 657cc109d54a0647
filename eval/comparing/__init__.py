"""Two runs side by side, and the baseline that a run is held to. Start with `compare.py`."""
