"""Training of the adapter that selects the sentences which answer a question."""
