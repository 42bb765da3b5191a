"""From samples to a classifier, and how good it and its maps are."""
