"""Turn files and addresses into documents, with one module per format. Start with `load.py`."""
