"""Pages without text, and pictures: their words are seen, and set in lines as a PDF's text is."""
