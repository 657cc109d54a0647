"""What a library keeps on disk: texts and BM25 in SQLite, vectors in Chroma."""
