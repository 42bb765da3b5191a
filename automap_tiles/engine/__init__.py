"""Many tiles: what to make, in which order, where, and what became of each."""
