"""The language model, and all words that are said to it."""
