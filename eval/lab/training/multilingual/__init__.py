"""Training the reader of documents in any language."""
