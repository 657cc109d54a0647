"""Asking the cases of a set, and the file that a run is kept in. Start with `runner.py`."""
