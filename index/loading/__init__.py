"""A file or an address becomes a document: one module a format. Start with `load.py`."""
