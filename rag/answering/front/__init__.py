"""The front matter of a text: title, authors, date, publisher, abstract."""
