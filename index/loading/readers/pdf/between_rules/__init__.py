"""Tables between the lines that are drawn on a page, by rows and columns."""
