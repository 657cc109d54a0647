"""Questions and how they are answered. Start with `rag/assistant.py`, the main path."""
