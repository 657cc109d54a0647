"""What is known of English: facts, names, numbers and dates in a text."""
