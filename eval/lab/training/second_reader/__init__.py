"""Making the weights of what reads a quote a second time."""
