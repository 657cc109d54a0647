"""The fixed texts of the program, and their translations. Start with `words.py`."""
