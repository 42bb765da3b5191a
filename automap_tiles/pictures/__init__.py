"""Render arrays as images for the web: stretch, colour, encode. No files, no tiles."""
