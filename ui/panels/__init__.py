"""The panels of the window, each with its events and its script for the browser."""
