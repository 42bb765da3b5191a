"""Pages for people; the plain ones work without scripts."""
