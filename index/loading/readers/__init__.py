"""What a file of each format says: one module per format, each from bytes to `Content`."""
