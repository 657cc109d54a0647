"""What the default weights need that run in this process: their client, and what they keep."""
