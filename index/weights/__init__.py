"""The weights: which there are, how they get here, how they run. Start with `catalogue.py`."""
