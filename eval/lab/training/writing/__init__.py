"""Making the weights that write an answer from sentences of the sources."""
