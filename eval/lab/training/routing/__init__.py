"""Making the router's weights again: the network, and further classes over it."""
