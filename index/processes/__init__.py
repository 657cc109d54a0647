"""Work in a process of its own, whose crash is an error here and no more."""
