"""Requests about earlier answers: the last one in another form, one of its footnotes, a recap."""
