"""The command line, `footnoted`. Start with `cli.py`."""
