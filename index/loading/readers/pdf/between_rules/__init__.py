"""Tables between ruled lines on a page: find them, and derive their rows and columns."""
