"""Answering with parts of a text that answer only when asked for: captions and references."""
