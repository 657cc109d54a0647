"""Training of the adapters that write a message so that it stands alone."""
