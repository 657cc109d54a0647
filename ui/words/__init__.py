"""The fixed words of the window in the languages of people. Start with `words.py`."""
