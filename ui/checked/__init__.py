"""A checked text for people: on the terminal, and as files for elsewhere."""
