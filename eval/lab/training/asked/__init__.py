"""Teaching the reader questions as people type them."""
