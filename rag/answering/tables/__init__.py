"""Computing answers from tables: their columns, what a question asks of them, and the results."""
