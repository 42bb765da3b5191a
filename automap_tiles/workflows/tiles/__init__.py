"""Workflows on tile directories: inspect, index, convert, copy and delete."""
