"""How a question is answered, by its kind."""
