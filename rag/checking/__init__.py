"""Checking a text from somebody else: each of its sentences against the sources."""
