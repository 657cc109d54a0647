"""The parts of the window, each with its events and what runs in the browser beside it."""
