"""Conversations as they are kept, and as text for elsewhere."""
