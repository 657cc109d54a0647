"""Translations of quotes, each below its quote and spoken once."""
