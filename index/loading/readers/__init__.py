"""The readers of the formats: one module per format, each from bytes to `Content`."""
