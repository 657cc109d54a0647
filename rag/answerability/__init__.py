"""Reading the quotes, and deciding whether they answer. Start with `gate.py`."""
