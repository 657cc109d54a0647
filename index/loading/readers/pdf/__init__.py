"""PDF: characters become lines, lines become paragraphs and tables, and these become a text."""
