"""What is said of the last answer, and of one of its footnotes."""
