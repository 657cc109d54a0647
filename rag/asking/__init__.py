"""Understands a message: makes it stand alone, and finds the kind of its answer."""
