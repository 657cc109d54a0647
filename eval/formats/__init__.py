"""Sets from and to other tools."""
