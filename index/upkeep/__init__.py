"""A library is proven, mended, and kept elsewhere."""
