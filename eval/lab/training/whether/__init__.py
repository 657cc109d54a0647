"""Training of the adapter that says whether sentences answer a question with yes or no."""
