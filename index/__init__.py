"""Documents, and how passages are found in them. Start with `index/library.py`."""
