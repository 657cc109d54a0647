"""For the default weights, which run in this process: their client, cache and memory check."""
