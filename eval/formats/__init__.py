"""Import sets from other tools, and export sets and runs to them."""
