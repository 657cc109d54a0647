"""The regression view: sets are run (`panel.py`), and begun from drafts (`drafts.py`)."""
