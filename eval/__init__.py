"""Regression sets, and how good answers are. `eval/README.md` says how a set is written."""
