"""Answers, quotes, documents and runs as HTML for the window. Pure functions."""
