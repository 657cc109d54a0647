"""Check, repair, back up and restore libraries."""
