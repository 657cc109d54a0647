"""PDF: the characters of its pages become lines, the lines paragraphs and tables, those a text."""
