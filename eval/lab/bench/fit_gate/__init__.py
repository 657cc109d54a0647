"""Fitting the gate, which decides whether the sources answer a question."""
