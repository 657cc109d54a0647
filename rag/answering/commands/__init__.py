"""What is said of what was answered: of the last answer, of a footnote, of all that was found."""
