"""The tile engine: planning, worker pools, the journal, events and overviews."""
