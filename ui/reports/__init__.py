"""Runs of regression sets as files: HTML, Markdown, JUnit."""
