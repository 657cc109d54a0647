"""How what people type is understood: in careless questions, follow-ups, and unclear messages."""
