"""What measures and trains Footnoted. Its users need none of it, and nothing of it imports this."""
