"""What a text says of itself at its head: title, authors, day, publisher, abstract."""
