"""Computing from tables: what is in their columns, what of it a question asks for, the answer."""
