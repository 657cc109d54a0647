"""What Footnoted measures of itself; users need none of it. Start with `table.py`."""
