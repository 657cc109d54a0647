"""Training of the router: its network, and further classes on top of it."""
