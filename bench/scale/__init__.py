"""Runs of a size that no machine here can hold: planned in full, worked on by simulated workers."""
