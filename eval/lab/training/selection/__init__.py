"""Making the weights that select the sentences which answer a question."""
