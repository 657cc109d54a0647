"""How well typed messages are understood: careless questions, follow-ups, unclear messages."""
