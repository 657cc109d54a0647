"""Making the weights that write a message so that it stands alone."""
