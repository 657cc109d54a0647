"""Making the reader's weights again: `python -m eval.training`."""
