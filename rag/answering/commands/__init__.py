"""Requests about earlier answers: the last one told otherwise, one of its footnotes, a recap."""
