"""Training of the adapter that writes an answer from sentences of the sources."""
