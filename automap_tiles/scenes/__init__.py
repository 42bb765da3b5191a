"""Satellite scenes: found in folders and catalogues, read as a stack of dates."""
