"""Checking a text of somebody else's: each of its sentences against the sources."""
