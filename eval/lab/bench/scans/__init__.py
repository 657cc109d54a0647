"""How well scans are read: drawn pages, and sets that are asked about scans of their documents."""
