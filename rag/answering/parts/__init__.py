"""Answering with parts of a text that are quoted only if asked for: captions and references."""
