"""Model weights: the catalogue, how to fetch them, how to run them. Start with `catalogue.py`."""
