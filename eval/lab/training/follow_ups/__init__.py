"""Teaching the reader's fourth head to make follow-ups stand alone."""
