"""What a question asks: made to stand alone, and of which kind its answer is."""
