"""Changes to a library while its window is open: what visitors add, and what others change."""
