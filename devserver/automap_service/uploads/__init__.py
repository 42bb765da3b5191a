"""Boundaries and samples that users bring: read once by a limited child, kept normalised."""
