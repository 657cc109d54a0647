"""How conversations are understood: follow-ups, and what leaves open what it means."""
