"""The libraries of a window: which one a page has, and the list of all."""
