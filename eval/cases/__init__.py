"""What a case of a set is, what it expects, and where its evidence is. Start with `cases.py`."""
