"""The language model and all its prompts."""
